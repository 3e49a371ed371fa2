CREATE TABLE "device_deltas" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "device_deltas_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant" text DEFAULT 'default' NOT NULL,
	"axis" text NOT NULL,
	"state" text NOT NULL,
	"device_class" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_runs" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"release" text,
	"version" text,
	"before_release" text,
	"before_version" text,
	CONSTRAINT "device_runs_device_tenant_at_pk" PRIMARY KEY("device","tenant","at")
);
--> statement-breakpoint
CREATE TABLE "device_tallies" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"axis" text NOT NULL,
	"state" text NOT NULL,
	"device_class" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "devices_away" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"state" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	CONSTRAINT "devices_away_device_tenant_pk" PRIMARY KEY("device","tenant")
);
--> statement-breakpoint
-- Written anew once for both.
ALTER TABLE "devices"
	ADD COLUMN "degraded" boolean GENERATED ALWAYS AS (coalesce(slots #>> '{a,state}' = 'FAILED', false) or coalesce(slots #>> '{b,state}' = 'FAILED', false) or services @> '[{"state":"stopped"}]') STORED,
	ADD COLUMN "restarting" boolean GENERATED ALWAYS AS (services @> '[{"state":"restarting"}]') STORED;--> statement-breakpoint
CREATE INDEX "device_runs_at" ON "device_runs" USING btree ("at");--> statement-breakpoint
CREATE INDEX "device_tallies_axis" ON "device_tallies" USING btree ("axis");--> statement-breakpoint
CREATE INDEX "devices_degraded" ON "devices" USING btree ("id") WHERE "devices"."degraded";--> statement-breakpoint
CREATE INDEX "devices_restarting" ON "devices" USING btree ("id") WHERE "devices"."restarting";--> statement-breakpoint
CREATE INDEX "devices_certificate_expires" ON "devices" USING btree ("certificate_expires_at");--> statement-breakpoint
-- Room for counts that change, where they are.
ALTER TABLE "device_tallies" SET (fillfactor = 50);--> statement-breakpoint
CREATE FUNCTION device_counts(
	"in_class" text, "in_channel" text, "in_version" text, "in_health" text, "in_agent" text, "in_zone" text,
	"in_tags" text[], "in_services" jsonb, "in_attributes" jsonb
) RETURNS TABLE ("axis" text, "device_class" text, "key" text, "value" text) LANGUAGE sql STABLE AS $$
	SELECT 'runs', "in_class", coalesce("in_channel", ''), coalesce("in_version", '')
	UNION ALL SELECT 'health', '', '', coalesce("in_health", '')
	UNION ALL SELECT 'agent', '', '', "in_agent" WHERE "in_agent" IS NOT NULL
	UNION ALL SELECT 'zone', '', '', "in_zone" WHERE "in_zone" IS NOT NULL
	UNION ALL SELECT 'tag', '', '', t."tag" FROM unnest("in_tags") AS t("tag") WHERE t."tag" IS NOT NULL
	UNION ALL SELECT 'service', '', '', s."one" ->> 'name' FROM jsonb_array_elements("in_services") AS s("one") WHERE s."one" ->> 'name' IS NOT NULL
	UNION ALL SELECT 'attribute', '', a."key", a."value" FROM jsonb_each_text("in_attributes") AS a WHERE a."value" IS NOT NULL
$$;
--> statement-breakpoint
CREATE FUNCTION count_device() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "device_deltas" ("tenant", "axis", "state", "device_class", "key", "value", "count")
	SELECT c."tenant", c."axis", c."state", c."device_class", c."key", c."value", sum(c."n") FROM (
		SELECT NEW."tenant" AS "tenant", NEW."state" AS "state", n.*, 1 AS "n" FROM device_counts(NEW."device_class", NEW."channel", NEW."version", NEW."health", NEW."agent_version", NEW."time_zone", NEW."tags", NEW."services", NEW."attributes") AS n WHERE TG_OP <> 'DELETE'
		UNION ALL
		SELECT OLD."tenant", OLD."state", o.*, -1 FROM device_counts(OLD."device_class", OLD."channel", OLD."version", OLD."health", OLD."agent_version", OLD."time_zone", OLD."tags", OLD."services", OLD."attributes") AS o WHERE TG_OP <> 'INSERT'
	) AS c GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(c."n") <> 0;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "devices_count_added" AFTER INSERT ON "devices" FOR EACH ROW EXECUTE FUNCTION count_device();
--> statement-breakpoint
CREATE TRIGGER "devices_count_gone" AFTER DELETE ON "devices" FOR EACH ROW EXECUTE FUNCTION count_device();
--> statement-breakpoint
-- Not for what comes with every telemetry; a service that was started once more has the name that it had.
CREATE TRIGGER "devices_count" AFTER UPDATE OF "state", "device_class", "channel", "version", "health", "agent_version", "time_zone", "tags", "attributes", "services" ON "devices" FOR EACH ROW
	WHEN (NEW."state" <> OLD."state" OR NEW."device_class" <> OLD."device_class" OR NEW."channel" IS DISTINCT FROM OLD."channel"
		OR NEW."version" IS DISTINCT FROM OLD."version" OR NEW."health" IS DISTINCT FROM OLD."health" OR NEW."agent_version" IS DISTINCT FROM OLD."agent_version"
		OR NEW."time_zone" IS DISTINCT FROM OLD."time_zone" OR NEW."tags" IS DISTINCT FROM OLD."tags" OR NEW."attributes" IS DISTINCT FROM OLD."attributes"
		OR (NEW."services" <> OLD."services" AND jsonb_path_query_array(NEW."services", '$[*].name') <> jsonb_path_query_array(OLD."services", '$[*].name')))
	EXECUTE FUNCTION count_device();
--> statement-breakpoint
CREATE FUNCTION keep_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF TG_OP = 'DELETE' OR NEW."online" THEN
		DELETE FROM "devices_away" WHERE "device" = OLD."id" AND "tenant" = OLD."tenant";
	ELSE
		INSERT INTO "devices_away" ("tenant", "device", "state", "since")
		VALUES (NEW."tenant", NEW."id", NEW."state", coalesce(NEW."last_seen_at", NEW."enrolled_at"))
		ON CONFLICT ("device", "tenant") DO UPDATE SET "state" = excluded."state", "since" = excluded."since";
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "devices_away_added" AFTER INSERT ON "devices" FOR EACH ROW WHEN (NOT NEW."online") EXECUTE FUNCTION keep_away();
--> statement-breakpoint
CREATE TRIGGER "devices_away_gone" AFTER DELETE ON "devices" FOR EACH ROW EXECUTE FUNCTION keep_away();
--> statement-breakpoint
CREATE TRIGGER "devices_away" AFTER UPDATE OF "online", "state", "last_seen_at", "enrolled_at" ON "devices" FOR EACH ROW
	WHEN (NEW."online" <> OLD."online" OR (NOT NEW."online" AND (NEW."state" <> OLD."state"
		OR NEW."last_seen_at" IS DISTINCT FROM OLD."last_seen_at" OR NEW."enrolled_at" <> OLD."enrolled_at")))
	EXECUTE FUNCTION keep_away();
--> statement-breakpoint
CREATE FUNCTION keep_runs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "device_runs" AS r ("tenant", "device", "at", "release", "version", "before_release", "before_version")
	VALUES (NEW."tenant", NEW."id", date_trunc('milliseconds', clock_timestamp()), NEW."release", NEW."version", OLD."release", OLD."version")
	ON CONFLICT ("device", "tenant", "at") DO UPDATE SET "release" = excluded."release", "version" = excluded."version";
	RETURN NULL;
END $$;
--> statement-breakpoint
-- What it first says it has run since it enrolled.
CREATE TRIGGER "devices_runs" AFTER UPDATE OF "release", "version" ON "devices" FOR EACH ROW
	WHEN ((NEW."release" IS DISTINCT FROM OLD."release" OR NEW."version" IS DISTINCT FROM OLD."version")
		AND (OLD."release" IS NOT NULL OR OLD."version" IS NOT NULL))
	EXECUTE FUNCTION keep_runs();
--> statement-breakpoint
-- For whoever writes devices past the triggers, as this migration does.
CREATE FUNCTION count_all_devices() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
	LOCK TABLE "devices" IN SHARE MODE;
	DELETE FROM "device_deltas";
	DELETE FROM "device_tallies";
	DELETE FROM "devices_away";
	INSERT INTO "device_tallies" ("tenant", "axis", "state", "device_class", "key", "value", "count")
	SELECT d."tenant", c."axis", d."state", c."device_class", c."key", c."value", count(*)
	FROM "devices" AS d, device_counts(d."device_class", d."channel", d."version", d."health", d."agent_version", d."time_zone", d."tags", d."services", d."attributes") AS c GROUP BY 1, 2, 3, 4, 5, 6;
	INSERT INTO "devices_away" ("tenant", "device", "state", "since")
	SELECT "tenant", "id", "state", coalesce("last_seen_at", "enrolled_at") FROM "devices" WHERE NOT "online";
END $$;
--> statement-breakpoint
SELECT count_all_devices();
--> statement-breakpoint
-- From the updates that devices committed. Before its only one a device ran what lies in its other slot, or, where that is
-- what it committed, what it runs: it went back. When it did, the command tells, as far as there was one.
WITH "commits" AS (
	SELECT "tenant", "device", "release", "updated_at" AS "at",
		lag("release") OVER (PARTITION BY "device", "tenant" ORDER BY "updated_at", "id") AS "before",
		row_number() OVER (PARTITION BY "device", "tenant" ORDER BY "updated_at", "id") AS "nth",
		row_number() OVER (PARTITION BY "device", "tenant" ORDER BY "updated_at" DESC, "id" DESC) AS "nth_last"
	FROM "executions" WHERE "state" = 'COMMITTED'
), "with_device" AS (
	SELECT c.*, d."release" AS "current", d."version" AS "current_version",
		d."slots" -> CASE d."active_slot" WHEN 'a' THEN 'b' ELSE 'a' END ->> 'release' AS "other"
	FROM "commits" c JOIN "devices" d ON d."id" = c."device" AND d."tenant" = c."tenant"
), "steps" AS (
	SELECT "tenant", "device", "at", "release", NULL AS "version", CASE
		WHEN "nth" > 1 THEN "before"
		WHEN "nth_last" > 1 THEN NULL
		WHEN "other" IS DISTINCT FROM "release" THEN "other"
		ELSE "current" END AS "before"
	FROM "with_device"
	UNION ALL
	SELECT c."tenant", c."device", coalesce((
		SELECT max(m."finished_at") FROM "device_commands" m
		WHERE m."device" = c."device" AND m."request" ->> 'name' = 'rollback' AND m."finished_at" > c."at"
	), c."at" + interval '1 millisecond'), c."current", c."current_version", c."release"
	FROM "with_device" c WHERE c."nth_last" = 1 AND c."current" IS DISTINCT FROM c."release"
)
INSERT INTO "device_runs" ("tenant", "device", "at", "release", "version", "before_release", "before_version")
SELECT s."tenant", s."device", s."at", s."release", coalesce(s."version", a."version"), s."before", b."version"
FROM "steps" s LEFT JOIN "releases" a ON a."id" = s."release" LEFT JOIN "releases" b ON b."id" = s."before"
WHERE s."before" IS DISTINCT FROM s."release"
ON CONFLICT DO NOTHING;
