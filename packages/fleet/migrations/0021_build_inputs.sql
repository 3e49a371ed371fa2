CREATE TABLE "build_components" (
	"build" text NOT NULL,
	"component" text NOT NULL,
	"reference" text NOT NULL,
	CONSTRAINT "build_components_build_component_pk" PRIMARY KEY("build","component")
);
--> statement-breakpoint
CREATE TABLE "build_images" (
	"build" text NOT NULL,
	"image" text NOT NULL,
	"place" integer NOT NULL,
	CONSTRAINT "build_images_build_image_pk" PRIMARY KEY("build","image")
);
--> statement-breakpoint
CREATE TABLE "components" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"version" text,
	"digest" text NOT NULL,
	"first_built_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "images" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"path" text NOT NULL,
	"digest" text NOT NULL,
	"first_built_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "build_components" ADD CONSTRAINT "build_components_build_builds_id_fk" FOREIGN KEY ("build") REFERENCES "public"."builds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "build_components" ADD CONSTRAINT "build_components_component_components_id_fk" FOREIGN KEY ("component") REFERENCES "public"."components"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "build_images" ADD CONSTRAINT "build_images_build_builds_id_fk" FOREIGN KEY ("build") REFERENCES "public"."builds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "build_images" ADD CONSTRAINT "build_images_image_images_id_fk" FOREIGN KEY ("image") REFERENCES "public"."images"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "components" ADD CONSTRAINT "components_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "images" ADD CONSTRAINT "images_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "build_components_component" ON "build_components" USING btree ("component","build");--> statement-breakpoint
CREATE INDEX "build_images_image" ON "build_images" USING btree ("image","build");--> statement-breakpoint
CREATE UNIQUE INDEX "components_content" ON "components" USING btree ("tenant","name","kind","digest");--> statement-breakpoint
CREATE INDEX "components_name" ON "components" USING btree ("name","id");--> statement-breakpoint
CREATE UNIQUE INDEX "images_content" ON "images" USING btree ("tenant","path","digest");--> statement-breakpoint
CREATE INDEX "images_path" ON "images" USING btree ("path","id");