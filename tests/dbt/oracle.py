"""What the dbt project must come to, computed event by event in exact decimals."""

from __future__ import annotations

from decimal import Decimal

from meterr_etl.contract.columns import LEAVES

INPUTS, OUTPUTS = ([column for _, column in LEAVES[a:b]] for a, b in ((0, 6), (6, 9)))


class Oracle:
    """The rules of DESIGN §8 and §14, row by row and without SQL; shares no code with dbt."""

    def __init__(self, night):
        def read(table):
            return night.rows(f"select * from candidate_s1.{table}")

        self.rates = read("rates")
        self.rate_keys = {row["sku_key"]: row for row in read("sku_rate_keys")}
        self.skus = {row["sku_key"]: row for row in read("skus")}
        self.members = {
            (table, row["organization_id"], row["id"]): row
            for table in ("teams", "projects", "users", "api_keys")
            for row in read(table)
        }
        self.organizations = {row["id"]: row for row in read("organizations")}
        self.owners = {row["owner_key"]: self.charged(row) for row in read("owners")}
        self.events = [
            event
            for event in read("affected_events")
            if self.skus[event["sku_key"]]["accounting_role"] == "leaf"
        ]
        self.lines = [line for event in self.events for line in self.lines_of(event)]

    def charged(self, owner):
        tenant = owner["tenant_id"]

        def member(table, key, field):
            return (self.members.get((table, tenant, key)) or {}).get(field)

        project = owner["project_id"] or member("api_keys", owner["api_key_id"], "project_id")
        team = member("projects", project, "team_id") or member(
            "users", owner["user_id"], "team_id"
        )
        return {
            "tenant_id": tenant,
            "tenant_name": (self.organizations.get(tenant) or {}).get("name"),
            "team_id": team or "unassigned",
            "team_name": member("teams", team, "name") if team else "Unassigned",
            "project_id": project or "unassigned",
            "project_name": member("projects", project, "name") if project else "Unassigned",
            "cost_center": member("teams", team, "cost_center") or "unassigned",
            **{
                field: owner[field] or "unassigned"
                for field in ("user_id", "api_key_id", "environment", "feature")
            },
        }

    def lines_of(self, event):
        sku, key = self.skus[event["sku_key"]], self.rate_keys[event["sku_key"]]
        total_input = sum(event[column] or 0 for column in INPUTS)
        passed = [t for t in key["context_thresholds"] or () if total_input > t]
        quantities = {token_type: event[column] for token_type, column in LEAVES}
        quantities |= event["extra_units"] or {}
        for token_type, quantity in quantities.items():
            if token_type != "request" and not quantity:
                continue
            rate = self.rate(event, sku, key, token_type, max(passed, default=0))
            is_free = sku["is_gateway_cache_hit"] or token_type == "request"
            owner = self.owners[event["owner_key"]]
            price = rate["unit_price"] if rate else None
            price, contracted, term, currency = contract_price(
                owner["tenant_id"], event["event_date"], token_type, price
            )
            yield {
                **owner,
                "charge_date": event["event_date"],
                "charge_hour_at": event["event_at"].replace(minute=0, second=0, microsecond=0),
                "provider": sku["provider"],
                "model": key["model_id"] or sku["model"],
                "region": sku["region"] or "unassigned",
                "service_tier": sku["service_tier"] or "default",
                "processing_mode": sku["processing_mode"],
                "token_type": token_type,
                "rate_id": rate["rate_id"] if rate else None,
                "list_unit_price": price,
                "pricing_status": "priced" if rate else "not_billed" if is_free else "unpriced",
                "billing_currency": currency,
                "contract_term": term,
                "contracted_unit_price": contracted,
                "quantity": Decimal(str(quantity)),
                "cost": Decimal(str(quantity)) * price if rate else None,
                "contracted": Decimal(str(quantity)) * contracted if rate else None,
                "reason": key["unpriceable_reason"] or "no_rate",
                "event_key": event["event_key"],
            }

    def rate(self, event, sku, key, token_type, context):
        if sku["is_gateway_cache_hit"] or key["unpriceable_reason"]:
            return None
        wanted = (
            key["provider_id"], key["model_id"], token_type, sku["processing_mode"],
            key["rate_service_tier"], context,
        )  # fmt: skip
        fitting = [
            rate
            for rate in self.rates
            if wanted == (
                rate["provider_id"], rate["model_id"], rate["token_type"],
                rate["processing_mode"], rate["service_tier"], rate["context_above_tokens"],
            )
            and rate["valid_from"] <= event["event_date"]
            and (rate["valid_to"] is None or event["event_date"] < rate["valid_to"])
        ]  # fmt: skip
        assert len(fitting) <= 1
        return fitting[0] if fitting else None


def contract_price(tenant, day, token_type, price):
    """List price, contracted price, term and currency, as night.sql's one contract says."""
    if tenant != "other":
        return price, price, None, "USD"
    exchange = Decimal("0.91") if day.day < 16 else Decimal("0.9173")
    if price is None:
        return None, None, None, "EUR"
    if token_type == "output":
        return price * exchange, Decimal("0.0000075") * exchange, "output", "EUR"
    if day.day < 16:
        return price * exchange, price * exchange, None, "EUR"
    return price * exchange, price * exchange * Decimal("0.875"), "rest", "EUR"
