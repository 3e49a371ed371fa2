CREATE TABLE "claim_uses" (
	"claim" text NOT NULL,
	"key_sha256" text NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"state" text NOT NULL,
	"serial" text,
	"first_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	CONSTRAINT "claim_uses_claim_key_sha256_pk" PRIMARY KEY("claim","key_sha256")
);
--> statement-breakpoint
CREATE TABLE "device_certificates" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"serial" text NOT NULL,
	"device" text NOT NULL,
	"key_sha256" text NOT NULL,
	"issued_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"listed" boolean DEFAULT false NOT NULL,
	CONSTRAINT "device_certificates_tenant_serial_pk" PRIMARY KEY("tenant","serial")
);
--> statement-breakpoint
CREATE TABLE "registrations" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device_id" text NOT NULL,
	"device_class" text NOT NULL,
	"arch" text NOT NULL,
	"serial" text,
	"key_sha256" text,
	"name" text,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"attributes" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"used_at" timestamp with time zone,
	"used_key_sha256" text,
	CONSTRAINT "registrations_tenant_device_id_pk" PRIMARY KEY("tenant","device_id")
);
--> statement-breakpoint
CREATE TABLE "revocation_lists" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"number" integer NOT NULL,
	"pem" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "revocation_lists_tenant_pk" PRIMARY KEY("tenant")
);
--> statement-breakpoint
ALTER TABLE "claims" ALTER COLUMN "device_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "devices" ALTER COLUMN "certificate_expires_at" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "uses" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "used" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "last_number" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "id_pattern" text;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "approval" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "registered_only" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "revoked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "state" text DEFAULT 'active' NOT NULL;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "serial" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "decommissioned_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "drop_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "drops" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "claim_uses" ADD CONSTRAINT "claim_uses_claim_claims_id_fk" FOREIGN KEY ("claim") REFERENCES "public"."claims"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "claim_uses_device" ON "claim_uses" USING btree ("tenant","device");--> statement-breakpoint
CREATE INDEX "device_certificates_device" ON "device_certificates" USING btree ("tenant","device");--> statement-breakpoint
CREATE INDEX "device_certificates_revoked" ON "device_certificates" USING btree ("tenant","expires_at") WHERE "device_certificates"."revoked_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "registrations_serial" ON "registrations" USING btree ("tenant","serial");--> statement-breakpoint
CREATE UNIQUE INDEX "registrations_key" ON "registrations" USING btree ("tenant","key_sha256");--> statement-breakpoint
CREATE INDEX "devices_drop" ON "devices" USING btree ("drop_since") WHERE "devices"."drop_since" is not null;--> statement-breakpoint
CREATE INDEX "devices_not_active" ON "devices" USING btree ("tenant","state") WHERE "devices"."state" <> 'active';--> statement-breakpoint
UPDATE "devices" SET "state" = 'revoked' WHERE "revoked_at" IS NOT NULL;--> statement-breakpoint
UPDATE "claims" SET "used" = 1, "last_number" = 1 WHERE "used_at" IS NOT NULL;--> statement-breakpoint
INSERT INTO "claim_uses" ("claim", "key_sha256", "tenant", "device", "state", "first_at", "last_at")
SELECT "id", "key_sha256", "tenant", "device_id", 'enrolled', "used_at", "used_at" FROM "claims"
WHERE "used_at" IS NOT NULL AND "key_sha256" IS NOT NULL;
