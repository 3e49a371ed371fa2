CREATE TABLE "rollout_deltas" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rollout_deltas_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"rollout" text NOT NULL,
	"wave" smallint NOT NULL,
	"state" text NOT NULL,
	"count" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rollout_hints" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rollout_hints_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"rollout" text NOT NULL,
	"device" text NOT NULL,
	"unwell" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rollout_members" (
	"rollout" text NOT NULL,
	"device" text NOT NULL,
	"wave" smallint,
	"position" bigint NOT NULL,
	"state" text NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"passed" text,
	"not_before" timestamp with time zone,
	"code" text,
	CONSTRAINT "rollout_members_rollout_device_pk" PRIMARY KEY("rollout","device")
);
--> statement-breakpoint
CREATE TABLE "rollout_tallies" (
	"rollout" text NOT NULL,
	"wave" smallint NOT NULL,
	"state" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "rollout_tallies_rollout_wave_state_pk" PRIMARY KEY("rollout","wave","state")
);
--> statement-breakpoint
CREATE TABLE "rollout_waves" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"rollout" text NOT NULL,
	"index" smallint NOT NULL,
	"name" text,
	"who" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"success" jsonb,
	"failure" jsonb,
	"soak_seconds" integer DEFAULT 0 NOT NULL,
	"max_in_flight" integer,
	"approval" boolean DEFAULT false NOT NULL,
	"approved_by" text,
	"approved_at" timestamp with time zone,
	"approval_comment" text,
	"up_to" bigint,
	"forgiven" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "rollout_waves_rollout_index_pk" PRIMARY KEY("rollout","index")
);
--> statement-breakpoint
DROP INDEX "executions_once";--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "penalty_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "wave" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "attempt" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "settled" text DEFAULT 'OFFERED' NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "superseded" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "created_by" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "failure_percent" real;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "max_per_minute" integer;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "priority" integer DEFAULT 50 NOT NULL;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "soak_seconds" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "on_failure" text DEFAULT 'stop' NOT NULL;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "retries" jsonb;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "penalty_seconds" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "start_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "end_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "approval" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "approved_by" text;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "approved_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "approval_comment" text;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "next_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "sweep_from" text DEFAULT '';--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "swept_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "instruct_from" text;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "placed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "rollout_waves" ADD CONSTRAINT "rollout_waves_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rollout_waves" ADD CONSTRAINT "rollout_waves_rollout_rollouts_id_fk" FOREIGN KEY ("rollout") REFERENCES "public"."rollouts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rollout_deltas_rollout" ON "rollout_deltas" USING btree ("rollout");--> statement-breakpoint
CREATE INDEX "rollout_hints_rollout" ON "rollout_hints" USING btree ("rollout","id");--> statement-breakpoint
CREATE INDEX "rollout_members_next" ON "rollout_members" USING btree ("rollout","state","wave","position");--> statement-breakpoint
CREATE INDEX "rollout_members_due" ON "rollout_members" USING btree ("rollout","not_before") WHERE "rollout_members"."not_before" is not null;--> statement-breakpoint
CREATE INDEX "rollout_members_nowhere" ON "rollout_members" USING btree ("rollout","position") WHERE "rollout_members"."wave" is null and "rollout_members"."state" <> 'beyond';--> statement-breakpoint
CREATE INDEX "executions_unsettled" ON "executions" USING btree ("rollout","id") WHERE "executions"."settled" <> "executions"."state" and ("executions"."state" in ('REJECTED', 'COMMITTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT', 'CANCELED') or "executions"."settled" in ('REJECTED', 'COMMITTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT', 'CANCELED'));--> statement-breakpoint
CREATE INDEX "rollout_waits_device" ON "rollout_waits" USING btree ("device");--> statement-breakpoint
CREATE INDEX "rollouts_next" ON "rollouts" USING btree ("next_at") WHERE "rollouts"."next_at" is not null;--> statement-breakpoint
CREATE INDEX "rollouts_open" ON "rollouts" USING btree ("device_class") WHERE "rollouts"."state" in ('running', 'paused', 'rolling_back');--> statement-breakpoint
CREATE UNIQUE INDEX "executions_once" ON "executions" USING btree ("rollout","device","attempt") WHERE "executions"."halted_at" is null;--> statement-breakpoint
INSERT INTO "rollout_waves" ("tenant", "rollout", "index", "state", "started_at", "finished_at")
	SELECT "tenant", "id", 0, CASE "state" WHEN 'running' THEN 'running' WHEN 'completed' THEN 'passed' ELSE 'failed' END, "created_at", "finished_at"
	FROM "rollouts";--> statement-breakpoint
UPDATE "rollouts" SET "placed" = true, "sweep_from" = CASE WHEN "state" = 'running' THEN '' END;--> statement-breakpoint
UPDATE "executions" SET "settled" = "state";--> statement-breakpoint
INSERT INTO "rollout_members" ("rollout", "device", "wave", "position", "state", "attempt", "code")
	SELECT DISTINCT ON (e."rollout", e."device") e."rollout", e."device", 0, ('x' || substr(md5(e."rollout" || e."device"), 1, 13))::bit(52)::bigint,
		CASE WHEN e."state" = 'COMMITTED' THEN 'healthy'
			WHEN e."state" = 'CANCELED' THEN CASE WHEN e."halted_at" IS NULL THEN 'out' ELSE 'open' END
			WHEN e."state" IN ('REJECTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT') THEN 'failed' ELSE 'live' END,
		1, coalesce(e."code", e."state")
	FROM "executions" e
	ORDER BY e."rollout", e."device", e."halted_at" IS NOT NULL AND e."state" = 'CANCELED', e."created_at" DESC;--> statement-breakpoint
INSERT INTO "rollout_tallies" ("rollout", "wave", "state", "count")
	SELECT "rollout", "wave", "state", count(*) FROM "rollout_members" GROUP BY 1, 2, 3;--> statement-breakpoint
INSERT INTO "rollout_tallies" ("rollout", "wave", "state", "count")
	SELECT "rollout", "wave", "state", count(*) FROM "executions" WHERE "halted_at" IS NULL OR "state" <> 'CANCELED' GROUP BY 1, 2, 3;--> statement-breakpoint
CREATE FUNCTION count_executions_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "rollout_deltas" ("rollout", "wave", "state", "count")
	SELECT "rollout", "wave", "state", count(*) FROM "now_rows"
	WHERE NOT "superseded" AND ("halted_at" IS NULL OR "state" <> 'CANCELED') GROUP BY 1, 2, 3;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "executions_count_added" AFTER INSERT ON "executions" REFERENCING NEW TABLE AS "now_rows"
	FOR EACH STATEMENT EXECUTE FUNCTION count_executions_added();
--> statement-breakpoint
CREATE FUNCTION count_executions_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "rollout_deltas" ("rollout", "wave", "state", "count")
	SELECT "rollout", "wave", "state", sum("n") FROM (
		SELECT "rollout", "wave", "state", 1 AS "n" FROM "now_rows"
			WHERE NOT "superseded" AND ("halted_at" IS NULL OR "state" <> 'CANCELED')
		UNION ALL
		SELECT "rollout", "wave", "state", -1 FROM "then_rows"
			WHERE NOT "superseded" AND ("halted_at" IS NULL OR "state" <> 'CANCELED')
	) AS "changes" GROUP BY 1, 2, 3 HAVING sum("n") <> 0;
	-- Whoever waits for the device looks at it again.
	INSERT INTO "rollout_hints" ("rollout", "device")
	SELECT w."rollout", w."device" FROM "now_rows" n JOIN "rollout_waits" w ON w."device" = n."device"
	WHERE n."settled" <> n."state" AND n."state" IN ('REJECTED', 'COMMITTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT', 'CANCELED');
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "executions_count_changed" AFTER UPDATE ON "executions" REFERENCING OLD TABLE AS "then_rows" NEW TABLE AS "now_rows"
	FOR EACH STATEMENT EXECUTE FUNCTION count_executions_changed();
--> statement-breakpoint
CREATE FUNCTION count_members_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "rollout_tallies" AS t ("rollout", "wave", "state", "count")
	SELECT "rollout", coalesce("wave", -1), "state", count(*) FROM "now_rows" GROUP BY 1, 2, 3
	ON CONFLICT ("rollout", "wave", "state") DO UPDATE SET "count" = t."count" + excluded."count";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "rollout_members_count_added" AFTER INSERT ON "rollout_members" REFERENCING NEW TABLE AS "now_rows"
	FOR EACH STATEMENT EXECUTE FUNCTION count_members_added();
--> statement-breakpoint
CREATE FUNCTION count_members_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "rollout_tallies" AS t ("rollout", "wave", "state", "count")
	SELECT "rollout", coalesce("wave", -1), "state", -count(*) FROM "then_rows" GROUP BY 1, 2, 3
	ON CONFLICT ("rollout", "wave", "state") DO UPDATE SET "count" = t."count" + excluded."count";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "rollout_members_count_gone" AFTER DELETE ON "rollout_members" REFERENCING OLD TABLE AS "then_rows"
	FOR EACH STATEMENT EXECUTE FUNCTION count_members_gone();
--> statement-breakpoint
CREATE FUNCTION count_members_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "rollout_tallies" AS t ("rollout", "wave", "state", "count")
	SELECT "rollout", "wave", "state", sum("n") FROM (
		SELECT "rollout", coalesce("wave", -1) AS "wave", "state", 1 AS "n" FROM "now_rows"
		UNION ALL
		SELECT "rollout", coalesce("wave", -1), "state", -1 FROM "then_rows"
	) AS "changes" GROUP BY 1, 2, 3 HAVING sum("n") <> 0
	ON CONFLICT ("rollout", "wave", "state") DO UPDATE SET "count" = t."count" + excluded."count";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "rollout_members_count_changed" AFTER UPDATE ON "rollout_members" REFERENCING OLD TABLE AS "then_rows" NEW TABLE AS "now_rows"
	FOR EACH STATEMENT EXECUTE FUNCTION count_members_changed();
--> statement-breakpoint
CREATE FUNCTION hint_device() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "rollout_hints" ("rollout", "device", "unwell")
	SELECT r."id", NEW."id", NEW."health" IS NOT DISTINCT FROM 'failed' FROM "rollouts" r
	WHERE r."device_class" = NEW."device_class" AND r."state" IN ('running', 'paused', 'rolling_back') AND r."tenant" = NEW."tenant"
		AND (r."devices" IS NULL OR EXISTS (
			SELECT FROM "rollout_members" m WHERE m."rollout" = r."id" AND m."device" = NEW."id"));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "devices_hint_added" AFTER INSERT ON "devices" FOR EACH ROW WHEN (NEW."state" = 'active') EXECUTE FUNCTION hint_device();
--> statement-breakpoint
CREATE TRIGGER "devices_hint" AFTER UPDATE ON "devices" FOR EACH ROW
	WHEN ((NEW."online" AND NOT OLD."online") OR NEW."release" IS DISTINCT FROM OLD."release" OR NEW."version" IS DISTINCT FROM OLD."version"
		OR NEW."health" IS DISTINCT FROM OLD."health" OR NEW."state" <> OLD."state" OR NEW."channel" IS DISTINCT FROM OLD."channel"
		OR NEW."tags" IS DISTINCT FROM OLD."tags" OR NEW."attributes" IS DISTINCT FROM OLD."attributes" OR NEW."name" IS DISTINCT FROM OLD."name")
	EXECUTE FUNCTION hint_device();
--> statement-breakpoint
CREATE FUNCTION hint_group_member() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"of_device" text := CASE TG_OP WHEN 'DELETE' THEN OLD."device" ELSE NEW."device" END;
BEGIN
	INSERT INTO "rollout_hints" ("rollout", "device")
	SELECT r."id", d."id" FROM "devices" d JOIN "rollouts" r ON r."device_class" = d."device_class" AND r."tenant" = d."tenant"
	WHERE d."id" = "of_device" AND r."state" IN ('running', 'paused', 'rolling_back')
		AND (r."group" IS NOT NULL OR r."query" IS NOT NULL OR r."within" IS NOT NULL);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "group_members_hint" AFTER INSERT OR DELETE ON "group_members" FOR EACH ROW EXECUTE FUNCTION hint_group_member();
--> statement-breakpoint
CREATE FUNCTION sweep_for_group() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE "rollouts" SET "sweep_from" = '', "next_at" = now()
	WHERE "state" IN ('running', 'paused') AND ("group" IS NOT NULL OR "query" IS NOT NULL OR "within" IS NOT NULL);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "groups_sweep" AFTER UPDATE ON "groups" FOR EACH ROW
	WHEN (NEW."query" IS DISTINCT FROM OLD."query") EXECUTE FUNCTION sweep_for_group();
--> statement-breakpoint
CREATE FUNCTION sweep_for_channel() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE "rollouts" SET "sweep_from" = '', "next_at" = now()
	WHERE "state" IN ('running', 'paused') AND "release" = NEW."release";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "channel_history_sweep" AFTER INSERT ON "channel_history" FOR EACH ROW EXECUTE FUNCTION sweep_for_channel();
