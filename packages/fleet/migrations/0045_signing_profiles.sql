ALTER TABLE "keys" ADD COLUMN "profile" text DEFAULT 'default' NOT NULL;--> statement-breakpoint
ALTER TABLE "releases" ADD COLUMN "signing" text DEFAULT 'default' NOT NULL;