CREATE TABLE "device_alarms" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"alarm" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	CONSTRAINT "device_alarms_tenant_device_alarm_pk" PRIMARY KEY("tenant","device","alarm")
);
--> statement-breakpoint
CREATE TABLE "webhook_attempts" (
	"delivery" text NOT NULL,
	"number" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"ms" integer,
	"status" integer,
	"failure" text,
	"detail" text,
	CONSTRAINT "webhook_attempts_delivery_number_pk" PRIMARY KEY("delivery","number")
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"webhook" text NOT NULL,
	"event" text NOT NULL,
	"body" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"url" text NOT NULL,
	"events" text[] DEFAULT '{}' NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"disabled_reason" text,
	"secret" text NOT NULL,
	"previous_secret" text,
	"previous_secret_until" timestamp with time zone,
	"failing_since" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "webhook_attempts" ADD CONSTRAINT "webhook_attempts_delivery_webhook_deliveries_id_fk" FOREIGN KEY ("delivery") REFERENCES "public"."webhook_deliveries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_webhooks_id_fk" FOREIGN KEY ("webhook") REFERENCES "public"."webhooks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_webhook" ON "webhook_deliveries" USING btree ("webhook","created_at","id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_finished" ON "webhook_deliveries" USING btree ("finished_at");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries" USING btree ("next_at") WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "webhooks_created" ON "webhooks" USING btree ("created_at","id");--> statement-breakpoint
CREATE FUNCTION tell_webhooks("of_tenant" text, "of_event" text, "of_data" jsonb) RETURNS void LANGUAGE sql AS $$
	INSERT INTO "webhook_deliveries" ("id", "tenant", "webhook", "event", "body")
	SELECT 'msg_' || substr(md5(gen_random_uuid()::text), 1, 16), "of_tenant", "id", "of_event",
		jsonb_build_object(
			'type', "of_event",
			'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
			'data', "of_data"
		)::text
	FROM "webhooks"
	WHERE "tenant" = "of_tenant" AND "enabled" AND ("events" = '{}' OR "of_event" = ANY("events"))
$$;
--> statement-breakpoint
CREATE FUNCTION tell_build() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM tell_webhooks(NEW."tenant", 'build.finished', jsonb_build_object(
		'id', NEW."id", 'release', NEW."release", 'deviceClass', NEW."device_class", 'version', NEW."version",
		'state', NEW."state", 'code', NEW."code", 'message', NEW."message"));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "builds_tell" AFTER UPDATE OF "state" ON "builds" FOR EACH ROW
	WHEN (NEW."state" <> OLD."state" AND NEW."state" IN ('succeeded', 'failed', 'cancelled')) EXECUTE FUNCTION tell_build();
--> statement-breakpoint
CREATE FUNCTION tell_release() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM tell_webhooks(NEW."tenant", 'release.' || NEW."state", jsonb_build_object(
		'id', NEW."id", 'build', NEW."build", 'deviceClass', NEW."device_class", 'version', NEW."version",
		'state', NEW."state", 'bundle', jsonb_build_object('digest', NEW."bundle_digest", 'size', NEW."bundle_size")));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "releases_tell" AFTER UPDATE OF "state" ON "releases" FOR EACH ROW
	WHEN (NEW."state" <> OLD."state") EXECUTE FUNCTION tell_release();
--> statement-breakpoint
CREATE FUNCTION tell_rollout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF TG_OP = 'UPDATE' AND NEW."state" = OLD."state" THEN RETURN NULL; END IF;
	PERFORM tell_webhooks(NEW."tenant", 'rollout.state', jsonb_build_object(
		'id', NEW."id", 'release', NEW."release", 'deviceClass', NEW."device_class", 'version', NEW."version",
		'state', NEW."state", 'reason', NEW."reason"));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "rollouts_tell" AFTER INSERT OR UPDATE OF "state" ON "rollouts" FOR EACH ROW EXECUTE FUNCTION tell_rollout();
--> statement-breakpoint
CREATE FUNCTION tell_execution() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM tell_webhooks(NEW."tenant", 'execution.failed', jsonb_build_object(
		'id', NEW."id", 'rollout', NEW."rollout", 'device', NEW."device", 'release', NEW."release",
		'state', NEW."state", 'code', NEW."code", 'message', NEW."message"));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "executions_tell" AFTER UPDATE OF "state" ON "executions" FOR EACH ROW
	WHEN (NEW."state" <> OLD."state" AND NEW."state" IN ('REJECTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT'))
	EXECUTE FUNCTION tell_execution();
--> statement-breakpoint
CREATE FUNCTION tell_device() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	facts jsonb := jsonb_build_object(
		'id', NEW."id", 'deviceClass', NEW."device_class", 'version', NEW."version", 'state', NEW."state");
BEGIN
	IF TG_OP = 'INSERT' OR NEW."state" <> OLD."state" THEN
		PERFORM tell_webhooks(NEW."tenant", CASE NEW."state" WHEN 'active' THEN 'device.enrolled' ELSE 'device.' || NEW."state" END, facts);
	END IF;
	IF TG_OP = 'UPDATE' AND NEW."online" <> OLD."online" THEN
		PERFORM tell_webhooks(NEW."tenant", CASE WHEN NEW."online" THEN 'device.online' ELSE 'device.offline' END, facts);
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "devices_enrol_tell" AFTER INSERT ON "devices" FOR EACH ROW EXECUTE FUNCTION tell_device();
--> statement-breakpoint
CREATE TRIGGER "devices_tell" AFTER UPDATE OF "state", "online" ON "devices" FOR EACH ROW
	WHEN (NEW."state" <> OLD."state" OR NEW."online" <> OLD."online") EXECUTE FUNCTION tell_device();
--> statement-breakpoint
CREATE FUNCTION tell_alarm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM tell_webhooks(NEW."tenant", 'device.alarm', jsonb_build_object('device', NEW."device", 'alarm', NEW."alarm", 'since', NEW."since"));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "device_alarms_tell" AFTER INSERT ON "device_alarms" FOR EACH ROW EXECUTE FUNCTION tell_alarm();
--> statement-breakpoint
CREATE FUNCTION tell_stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF TG_OP = 'INSERT' THEN
		PERFORM tell_webhooks(NEW."tenant", 'fleet.stopped', jsonb_build_object('reason', NEW."reason", 'actor', NEW."actor"));
	ELSE
		PERFORM tell_webhooks(OLD."tenant", 'fleet.resumed', jsonb_build_object('reason', OLD."reason", 'actor', OLD."actor"));
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "emergency_stops_tell" AFTER INSERT OR DELETE ON "emergency_stops" FOR EACH ROW EXECUTE FUNCTION tell_stop();
