using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>What <c>metadata</c> must be like, for every kind.</summary>
/// <remarks>Source: k8s.io/apimachinery, api/validation/objectmeta.go.</remarks>
public static class MetadataValidation
{
    /// <summary>Most bytes of all keys and values of annotations together.</summary>
    public const int AnnotationBytesMax = 256 * 1024;

    private const string Immutable = "field is immutable";
    private static readonly FieldPath Meta = FieldPath.Of("metadata");
    private static readonly string[] ImmutableFields = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

    public static void Validate(ResourceSchema schema, JsonObject tree, FaultList faults)
    {
        if (tree["metadata"] is not JsonObject metadata)
        {
            faults.Required(Meta);
            return;
        }
        ValidateNames(schema, metadata, faults);
        ValidateRest(metadata, Meta, faults, HasFreeFinalizers(schema));
    }

    /// <summary>Whether any qualified name will do for finalizers: the check for known or domain-qualified ones is that of the core kinds.</summary>
    /// <remarks>Source: kubernetes, pkg/apis/core/validation ValidateObjectMeta, which the libraries of these groups do without.</remarks>
    private static bool HasFreeFinalizers(ResourceSchema schema) =>
        schema.IsCustom || schema.Group is "apiextensions.k8s.io" or "apiregistration.k8s.io" or "admissionregistration.k8s.io";

    /// <summary>Checks the metadata of an object inside a custom resource: it may be of any kind, and need not have a name.</summary>
    public static void ValidateEmbedded(JsonObject metadata, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(metadata, "generateName") is { Length: > 0 } prefix && NameFault(NameRule.PathSegment, prefix) is { } prefixFault) faults.Invalid(path.Child("generateName"), prefix, prefixFault);
        if (JsonTree.String(metadata, "name") is { Length: > 0 } name && NameFault(NameRule.PathSegment, name) is { } fault) faults.Invalid(path.Child("name"), name, fault);
        if (JsonTree.String(metadata, "namespace") is { Length: > 0 } space && ObjectNames.Label(space) is { } spaceFault) faults.Invalid(path.Child("namespace"), space, spaceFault);
        ValidateRest(metadata, path, faults, freeFinalizers: true);
    }

    private static void ValidateRest(JsonObject metadata, FieldPath path, FaultList faults, bool freeFinalizers)
    {
        if (JsonTree.Int64(metadata, "generation") is < 0) faults.Invalid(path.Child("generation"), JsonTree.Int64(metadata, "generation"), "must be greater than or equal to 0");
        if (metadata["labels"] is JsonObject labels) ValidateLabels(labels, path.Child("labels"), faults);
        if (metadata["annotations"] is JsonObject annotations) ValidateAnnotations(annotations, path.Child("annotations"), faults);
        if (metadata["ownerReferences"] is JsonArray owners) ValidateOwners(owners, path.Child("ownerReferences"), faults);
        if (metadata["finalizers"] is not JsonArray finalizers) return;
        for (var i = 0; i < finalizers.Count; i++)
            if (JsonTree.IsString(finalizers[i], out var text)) ValidateFinalizer(text, path.Child("finalizers"), freeFinalizers ? null : i, faults);
    }

    /// <summary>Checks a name as the kind of <paramref name="rule"/> wants it; null or the fault.</summary>
    public static string? NameFault(NameRule rule, string name) => rule switch
    {
        NameRule.DnsLabel => ObjectNames.Label(name),
        NameRule.Dns1035Label => ObjectNames.Label1035(name),
        NameRule.PathSegment => ObjectNames.PathSegment(name),
        _ => ObjectNames.Subdomain(name),
    };

    private static void ValidateNames(ResourceSchema schema, JsonObject metadata, FaultList faults)
    {
        if (JsonTree.String(metadata, "generateName") is { Length: > 0 } prefix)
        {
            // The dash before the random suffix is fine, although no name may end so.
            var asName = prefix.Length > 1 && prefix[^1] == '-' ? string.Concat(prefix.AsSpan(0, prefix.Length - 2), "a") : prefix;
            if (NameFault(schema.NameRule, asName) is { } prefixFault) faults.Invalid(Meta.Child("generateName"), prefix, prefixFault);
        }
        var name = JsonTree.String(metadata, "name");
        if (string.IsNullOrEmpty(name)) faults.Required(Meta.Child("name"), "name or generateName is required");
        else if (NameFault(schema.NameRule, name) is { } fault) faults.Invalid(Meta.Child("name"), name, fault);

        var space = JsonTree.String(metadata, "namespace");
        if (!schema.Namespaced)
        {
            if (!string.IsNullOrEmpty(space)) faults.Forbidden(Meta.Child("namespace"), "not allowed on this type");
        }
        else if (string.IsNullOrEmpty(space)) faults.Required(Meta.Child("namespace"));
        else if (ObjectNames.Label(space) is { } spaceFault) faults.Invalid(Meta.Child("namespace"), space, spaceFault);
    }

    public static void ValidateLabels(JsonObject labels, FieldPath path, FaultList faults)
    {
        for (var i = 0; i < labels.Count; i++)
        {
            var (key, value) = labels.GetAt(i);
            faults.QualifiedName(path, key);
            var text = JsonTree.AsString(value) ?? "";
            if (ObjectNames.LabelValue(text) is { } fault) faults.Invalid(path, text, fault);
        }
    }

    public static void ValidateAnnotations(JsonObject annotations, FieldPath path, FaultList faults)
    {
        long size = 0;
        for (var i = 0; i < annotations.Count; i++)
        {
            var (key, value) = annotations.GetAt(i);
            // Capitals are allowed for the sake of old annotations.
            faults.QualifiedName(path, key, key.ToLowerInvariant());
            size += System.Text.Encoding.UTF8.GetByteCount(key) + System.Text.Encoding.UTF8.GetByteCount(JsonTree.AsString(value) ?? "");
        }
        if (size > AnnotationBytesMax) faults.TooLong(path, AnnotationBytesMax);
    }

    private static void ValidateOwners(JsonArray owners, FieldPath path, FaultList faults)
    {
        string? controller = null;
        for (var i = 0; i < owners.Count; i++)
        {
            if (owners[i] is not JsonObject owner) continue;
            // Not told of which reference, as in Kubernetes 1.32.
            if (string.IsNullOrEmpty(JsonTree.String(owner, "apiVersion")))
                faults.Invalid(path.Child("apiVersion"), "", "version must not be empty");
            foreach (var name in (ReadOnlySpan<string>)["kind", "name", "uid"])
                if (string.IsNullOrEmpty(JsonTree.String(owner, name))) faults.Invalid(path.Child(name), "", $"{name} must not be empty");
            if (JsonTree.Bool(owner, "controller") != true) continue;
            var described = JsonTree.String(owner, "name") ?? "";
            if (controller is not null)
                faults.Invalid(path, owners, $"Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {described}");
            controller ??= described;
        }
    }

    private static void ValidateFinalizer(string finalizer, FieldPath path, int? index, FaultList faults)
    {
        faults.QualifiedName(path, finalizer);
        if (index is { } place && !finalizer.Contains('/', StringComparison.Ordinal) && finalizer is not ("orphan" or "foregroundDeletion" or "kubernetes"))
            faults.Invalid(path.Index(place), finalizer, "name is neither a standard finalizer name nor is it fully qualified");
    }

    /// <summary>What an update may not change. What the client left out has been filled in by <see cref="ObjectStrategy"/>.</summary>
    public static void ValidateUpdate(ResourceSchema schema, JsonObject tree, JsonObject stored, FaultList faults)
    {
        if (tree["metadata"] is not JsonObject metadata || stored["metadata"] is not JsonObject old) return;
        if (schema.IsCustom && string.IsNullOrEmpty(JsonTree.String(metadata, "resourceVersion")))
            faults.Invalid(Meta.Child("resourceVersion"), "", "must be specified for an update");
        foreach (var name in ImmutableFields)
            if (!JsonTree.DeepEquals(metadata[name], old[name])) faults.Invalid(Meta.Child(name), metadata[name], Immutable);
        if (old["deletionTimestamp"] is null || metadata["finalizers"] is not JsonArray finalizers) return;

        var before = JsonTree.Array(old, "finalizers")?.Select(JsonTree.AsString).ToHashSet(StringComparer.Ordinal) ?? [];
        var added = finalizers.Select(JsonTree.AsString).Where(f => f is not null && !before.Contains(f)).ToArray();
        if (added.Length > 0)
            faults.Forbidden(Meta.Child("finalizers"), "no new finalizers can be added if the object is being deleted, found new finalizers " +
                $"[]string{{{string.Join(", ", added.Select(f => GoQuote.Quote(f!)))}}}");
    }
}
