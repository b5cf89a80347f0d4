using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>The annotation in which client-side apply keeps what it applied last; server-side apply by kubectl takes over from it.</summary>
/// <remarks>Source: apimachinery, util/managedfields/internal lastapplied.go, lastappliedmanager.go and lastappliedupdater.go.</remarks>
internal static class LastAppliedConfiguration
{
    public const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The fields that client-side apply set and nobody has changed since.</summary>
    public static FieldSet? Untouched(ResourceSchema schema, JsonObject live)
    {
        if (Text(live) is not { Length: > 0 } text || ObjectJson.Parse(System.Text.Encoding.UTF8.GetBytes(text)).Tree is not JsonObject last) return null;
        if (JsonTree.String(last, "apiVersion") != schema.ApiVersion) return null;
        var (fields, fault) = AppliedFields.Check(schema.Root, last);
        if (fault is not null) return null;
        var changes = FieldComparison.Of(schema.Root, last, live);
        return fields.Difference(changes.Modified).Difference(changes.Added).Difference(changes.Removed);
    }

    /// <summary>Keeps the annotation in step when the object has one, so that client-side apply can go on from here.</summary>
    public static void Refresh(JsonObject tree, JsonObject configuration)
    {
        if (Text(tree) is null) return;
        var applied = configuration.DeepClone().AsObject();
        var meta = JsonTree.Object(applied, "metadata");
        if (JsonTree.Object(meta, "annotations") is { } own)
        {
            own.Remove(Annotation);
            if (own.Count == 0) meta!.Remove("annotations");
        }
        var annotations = JsonTree.Object(JsonTree.Object(tree, "metadata"), "annotations")!;
        annotations[Annotation] = JsonTree.ToText(applied) + "\n";
        // Rather no annotation than an object that cannot be stored.
        if (annotations.Sum(static a => a.Key.Length + (JsonTree.AsString(a.Value)?.Length ?? 0)) > MetadataValidation.AnnotationBytesMax) annotations.Remove(Annotation);
    }

    private static string? Text(JsonObject tree) => JsonTree.String(JsonTree.Object(JsonTree.Object(tree, "metadata"), "annotations"), Annotation);
}
