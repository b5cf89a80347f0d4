using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.StorageClasses;

/// <summary>The provisioner of a class and its parameters, which stay.</summary>
/// <remarks>Source: kubernetes pkg/apis/storage/validation.</remarks>
public sealed class StorageClassValidation : IKindValidation
{
    private const int ParametersMax = 512;
    private const int ParameterBytesMax = 256 * 1024;

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var provisioner = FieldRules.Required(tree, "provisioner", FieldPath.Root, faults);
        if (provisioner.Length > 0 && ObjectNames.QualifiedName(provisioner.ToLowerInvariant()) is { } fault) faults.Invalid(FieldPath.Of("provisioner"), provisioner, fault);
        ValidateParameters(JsonTree.Object(tree, "parameters"), FieldPath.Of("parameters"), faults);
        FieldRules.OneOf(tree, "reclaimPolicy", ["Delete", "Retain"], FieldPath.Root, faults);
        FieldRules.OneOf(tree, "volumeBindingMode", ["Immediate", "WaitForFirstConsumer"], FieldPath.Root, faults);
        var seen = new List<JsonNode>();
        foreach (var (index, term) in tree.Entries("allowedTopologies"))
        {
            var path = FieldPath.Of("allowedTopologies").Index(index);
            ValidateTopology(term, path, faults);
            // Kubernetes takes a term without conditions for one that was there before.
            if (term["matchLabelExpressions"] is not { } expressions || seen.Exists(other => JsonTree.DeepEquals(other, expressions))) faults.Duplicate(path.Child("matchLabelExpressions"), "");
            else seen.Add(expressions);
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        foreach (var name in (ReadOnlySpan<string>)["parameters", "provisioner", "reclaimPolicy"])
            if (!JsonTree.DeepEquals(tree[name], stored[name])) faults.Forbidden(FieldPath.Of(name), $"updates to {name} are forbidden.");
        SelectorValidation.ValidateImmutable(tree, stored, "volumeBindingMode", FieldPath.Root, faults);
    }

    private static void ValidateParameters(JsonObject? parameters, FieldPath path, FaultList faults)
    {
        if (parameters is null) return;
        if (parameters.Count > ParametersMax) faults.TooLong(path, ParametersMax);
        var bytes = 0;
        foreach (var (name, value) in parameters)
        {
            if (name.Length == 0) faults.Invalid(path, name, "field can not be empty.");
            bytes += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(JsonTree.AsString(value) ?? "");
        }
        if (bytes > ParameterBytesMax) faults.TooLong(path, ParameterBytesMax);
    }

    private static void ValidateTopology(JsonObject term, FieldPath path, FaultList faults)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, expression) in term.Entries("matchLabelExpressions"))
        {
            var here = path.Child("matchLabelExpressions").Index(index);
            var key = JsonTree.String(expression, "key") ?? "";
            if (key.Length > 0 && ObjectNames.QualifiedName(key) is { } fault) faults.Invalid(here.Child("key"), key, fault);
            if (!keys.Add(key)) faults.Duplicate(here.Child("key"), key);
            var values = expression.Texts("values");
            if (values.Length == 0) faults.Required(here.Child("values"));
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < values.Length; i++)
                if (!seen.Add(values[i])) faults.Duplicate(here.Child("values").Index(i), values[i]);
        }
    }
}
