using System.Collections.Immutable;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Schemas;

/// <summary>Turns a CustomResourceDefinition into the resources that are served for it.</summary>
public static class CustomResourceSchemas
{
    private static readonly ImmutableArray<string> Verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    private static readonly ImmutableArray<string> SubresourceVerbs = ["get", "patch", "update"];

    /// <summary>One resource per version, served or not; exactly one is the storage version. The definition must be valid.</summary>
    /// <remarks>Whether it is established is the caller's question: <see cref="IsEstablished"/>.</remarks>
    /// <param name="definition">The tree of it, which is read once.</param>
    /// <param name="again">Reads that tree anew, where it shall not be kept for the sake of what is published alone.</param>
    public static ImmutableArray<ResourceSchema> Build(JsonObject definition, Func<JsonObject>? again = null)
    {
        var spec = (JsonObject)definition["spec"]!;
        var names = (JsonObject)spec["names"]!;
        var group = JsonTree.String(spec, "group")!;
        var conversion = CustomConversion.Read(spec);
        var versions = ((JsonArray)spec["versions"]!).OfType<JsonObject>().ToList();
        var storage = versions.Find(static v => JsonTree.Bool(v, "storage") == true) is { } current ? JsonTree.String(current, "name") : null;
        var hasOlder = (JsonTree.At(definition, ["status", "storedVersions"]) as JsonArray ?? []).Any(s => JsonTree.AsString(s) != storage);
        // The first generation has no other schema behind it. What comes in through another version lacks the defaults of the stored one.
        var changed = JsonTree.Int64(definition["metadata"] as JsonObject, "generation") is > 1;
        var mixed = versions.Count > 1 && versions.Any(static v => HasDefaults(JsonTree.At(v, ["schema", "openAPIV3Schema"])));
        var all = new CustomVersions();
        ImmutableArray<ResourceSchema> resources = [.. versions.Select(version => Build(spec, names, group, version) with
        {
            Published = PublishedBy(again ?? (() => definition), JsonTree.String(version, "name")!),
            Conversion = conversion,
            Versions = all,
            StoredOtherwise = hasOlder || changed || mixed,
        })];
        all.Fill(resources);
        return resources;
    }

    public static bool IsEstablished(JsonObject definition)
    {
        foreach (var node in JsonTree.At(definition, ["status", "conditions"]) as JsonArray ?? [])
        {
            if (node is JsonObject condition && JsonTree.String(condition, "type") == "Established")
                return JsonTree.String(condition, "status") == "True";
        }
        return false;
    }

    private static ResourceSchema Build(JsonObject spec, JsonObject names, string group, JsonObject version)
    {
        var name = JsonTree.String(version, "name")!;
        var kind = JsonTree.String(names, "kind")!;
        var validation = JsonTree.At(version, ["schema", "openAPIV3Schema"]) as JsonObject;
        var root = StructuralSchema.BuildRoot(validation);
        var hasStatus = JsonTree.At(version, ["subresources", "status"]) is JsonObject;
        return new ResourceSchema
        {
            Type = new ResourceType(group, JsonTree.String(names, "plural")!),
            Version = name,
            Kind = kind,
            ListKind = JsonTree.String(names, "listKind") ?? kind + "List",
            Singular = JsonTree.String(names, "singular") ?? kind.ToLowerInvariant(),
            Namespaced = JsonTree.String(spec, "scope") == "Namespaced",
            Root = root,
            Rules = CustomRules.Build(root),
            Description = root.Description,
            ShortNames = Strings(names["shortNames"]),
            Categories = Strings(names["categories"]),
            Verbs = Verbs,
            Subresources = ReadSubresources(version, group, name, kind, hasStatus),
            Columns = ReadColumns(version),
            SelectableFields = ReadSelectable(version),
            IsCustom = true,
            Served = JsonTree.Bool(version, "served") == true,
            Storage = JsonTree.Bool(version, "storage") == true,
            Generation = GenerationRule.Everything,
            DeprecationWarning = WarningOf(version, group, name, kind),
        };
    }

    private static Func<JsonObject?> PublishedBy(Func<JsonObject> definition, string version) => () =>
        (JsonTree.At(definition(), ["spec", "versions"]) as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(v => JsonTree.String(v, "name") == version) is { } found
            ? JsonTree.At(found, ["schema", "openAPIV3Schema"]) as JsonObject
            : null;

    private static bool HasDefaults(JsonNode? schema) => schema is JsonObject o
        && (o.ContainsKey("default") || HasDefaults(o["items"]) || HasDefaults(o["additionalProperties"]) || (o["properties"] is JsonObject properties && properties.Any(static p => HasDefaults(p.Value))));

    private static string WarningOf(JsonObject version, string group, string name, string kind) => JsonTree.Bool(version, "deprecated") != true
        ? ""
        : JsonTree.String(version, "deprecationWarning") ?? $"{group}/{name} {kind} is deprecated";

    private static ImmutableArray<SubresourceSchema> ReadSubresources(JsonObject version, string group, string name, string kind, bool hasStatus)
    {
        var found = ImmutableArray.CreateBuilder<SubresourceSchema>();
        if (hasStatus) found.Add(new SubresourceSchema("status", SubresourceVerbs, group, name, kind));
        if (JsonTree.At(version, ["subresources", "scale"]) is JsonObject scale)
        {
            found.Add(new SubresourceSchema("scale", SubresourceVerbs, "autoscaling", "v1", "Scale")
            {
                SpecReplicasPath = Dotted(JsonTree.String(scale, "specReplicasPath")),
                StatusReplicasPath = Dotted(JsonTree.String(scale, "statusReplicasPath")),
                SelectorPath = Dotted(JsonTree.String(scale, "labelSelectorPath")),
            });
        }
        return found.ToImmutable();
    }

    private static ImmutableArray<ColumnSchema> ReadColumns(JsonObject version)
    {
        if (version["additionalPrinterColumns"] is not JsonArray { Count: > 0 } columns)
            return [new ColumnSchema("Age", "date", 0, ".metadata.creationTimestamp")];
        return [.. columns.OfType<JsonObject>().Select(c => new ColumnSchema(
            JsonTree.String(c, "name") ?? "",
            JsonTree.String(c, "type") ?? "string",
            (int)(JsonTree.Int64(c, "priority") ?? 0),
            JsonTree.String(c, "jsonPath") ?? "",
            JsonTree.String(c, "format") ?? "",
            JsonTree.String(c, "description") ?? ""))];
    }

    private static ImmutableArray<SelectableField> ReadSelectable(JsonObject version) =>
        version["selectableFields"] is not JsonArray fields
            ? []
            : [.. fields.OfType<JsonObject>().Select(f => Dotted(JsonTree.String(f, "jsonPath"))).Where(p => p.Length > 0)
                .Select(p => new SelectableField(p, [.. p.Split('.')]))];

    private static string Dotted(string? path) => path is null ? "" : path.TrimStart('.');

    private static ImmutableArray<string> Strings(JsonNode? node) =>
        node is JsonArray list ? [.. list.Select(JsonTree.AsString).OfType<string>()] : [];
}
