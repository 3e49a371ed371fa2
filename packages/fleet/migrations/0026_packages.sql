CREATE TABLE "packages" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"type" text NOT NULL,
	"name" text NOT NULL,
	"version" text NOT NULL,
	"source_name" text NOT NULL,
	"source_version" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "release_packages" (
	"release" text NOT NULL,
	"package" text NOT NULL,
	CONSTRAINT "release_packages_release_package_pk" PRIMARY KEY("release","package")
);
--> statement-breakpoint
ALTER TABLE "releases" ADD COLUMN "packages" integer;--> statement-breakpoint
ALTER TABLE "packages" ADD CONSTRAINT "packages_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "release_packages" ADD CONSTRAINT "release_packages_release_releases_id_fk" FOREIGN KEY ("release") REFERENCES "public"."releases"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "release_packages" ADD CONSTRAINT "release_packages_package_packages_id_fk" FOREIGN KEY ("package") REFERENCES "public"."packages"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "packages_content" ON "packages" USING btree ("tenant","name","type","version","source_name","source_version");--> statement-breakpoint
CREATE INDEX "packages_name" ON "packages" USING btree ("name","type");--> statement-breakpoint
CREATE INDEX "packages_source" ON "packages" USING btree ("source_name");--> statement-breakpoint
CREATE INDEX "release_packages_package" ON "release_packages" USING btree ("package","release");--> statement-breakpoint
CREATE INDEX "devices_release" ON "devices" USING btree ("release","id");