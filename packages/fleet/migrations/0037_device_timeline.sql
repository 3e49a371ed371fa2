CREATE TABLE "device_presence" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"online" boolean NOT NULL,
	"reason" text,
	CONSTRAINT "device_presence_device_tenant_at_online_pk" PRIMARY KEY("device","tenant","at","online")
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "death_reason" text;--> statement-breakpoint
ALTER TABLE "device_certificates" ADD COLUMN "fingerprint" text;--> statement-breakpoint
ALTER TABLE "device_certificates" ADD COLUMN "key_type" text;--> statement-breakpoint
ALTER TABLE "device_certificates" ADD COLUMN "issuer" text;--> statement-breakpoint
CREATE INDEX "device_presence_at" ON "device_presence" USING btree ("at");--> statement-breakpoint
-- Only where that changes, so telemetry costs nothing more. A death counts as the reason where it came with the change.
CREATE FUNCTION keep_presence() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "device_presence" ("tenant", "device", "at", "online", "reason") VALUES (
		NEW."tenant", NEW."id", date_trunc('milliseconds', clock_timestamp()), NEW."online",
		CASE WHEN NOT NEW."online" AND NEW."death_connection" <> OLD."death_connection" THEN NEW."death_reason" END)
		ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "devices_presence" AFTER UPDATE OF "online" ON "devices" FOR EACH ROW
	WHEN (NEW."online" <> OLD."online") EXECUTE FUNCTION keep_presence();
