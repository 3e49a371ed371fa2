ALTER TABLE "devices" ADD COLUMN "key_sha256" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "proven_key_sha256" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "revoked_at" timestamp with time zone;