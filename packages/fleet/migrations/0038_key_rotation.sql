ALTER TABLE "devices" ADD COLUMN "certificate_authority" text;--> statement-breakpoint
ALTER TABLE "releases" ADD COLUMN "trusts" text[];