using System.Globalization;
using Orchestrator.Actors.Cel.Estimation;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.Rules;

/// <summary>Checks the expressions of a schema when it is defined: their types, and what they may cost.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go and cel_validation.go.</remarks>
internal sealed class RuleDefinitions(FaultList faults)
{
    /// <summary>What one rule may cost by estimate, over all values of a request that it is evaluated for.</summary>
    private const ulong CostMax = 10_000_000;

    /// <summary>The same of all rules of a version.</summary>
    private const ulong TotalCostMax = 100_000_000;

    /// <summary>How many of the dearest rules are named when the total is too high (count).</summary>
    private const int NamedMax = 4;

    private const string Advice = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";

    private readonly List<(FieldPath Path, ulong Cost)> _costs = [];

    public void ValidateRoot(JsonObject schema, FieldPath path)
    {
        Visit(schema, path, "selfType", root: true, cardinality: 1, uncorrelated: null);
        var total = _costs.Aggregate(0ul, static (sum, c) => sum > ulong.MaxValue - c.Cost ? ulong.MaxValue : sum + c.Cost);
        if (total <= TotalCostMax) return;
        foreach (var (place, _) in _costs.Where(static c => c.Cost > 0).OrderByDescending(static c => c.Cost).Take(NamedMax))
            faults.Forbidden(place, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema");
        faults.Forbidden(path, Excess("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema", total, TotalCostMax));
    }

    /// <param name="cardinality">How many values of the node a request can hold; null when a list or map around it is not bounded.</param>
    /// <param name="uncorrelated">Around the node, where old and new values cannot be told to be the same.</param>
    private void Visit(JsonObject schema, FieldPath path, string name, bool root, ulong? cardinality, FieldPath? uncorrelated)
    {
        ValidateRules(schema, path, name, root, cardinality, uncorrelated);
        var fields = JsonTree.String(schema, "x-kubernetes-map-type") == "atomic" ? uncorrelated ?? path : uncorrelated;
        foreach (var (key, node) in schema["properties"] as JsonObject ?? [])
            if (node is JsonObject property) Visit(property, path.Child("properties").Key(key), $"{name}.{key}", false, cardinality, fields);
        if (schema["additionalProperties"] is JsonObject values)
            Visit(values, path.Child("additionalProperties"), name + ".@elem", false, Multiply(cardinality, JsonTree.Int64(schema, "maxProperties")), uncorrelated);
        if (schema["items"] is not JsonObject items) return;
        var entries = JsonTree.String(schema, "x-kubernetes-list-type") == "map" ? uncorrelated : uncorrelated ?? path;
        Visit(items, path.Child("items"), name + ".@idx", false, Multiply(cardinality, JsonTree.Int64(schema, "maxItems")), entries);
    }

    private static ulong? Multiply(ulong? cardinality, long? max) =>
        cardinality is { } count && max is { } limit ? CelCostRange.Multiply(count, (ulong)Math.Max(limit, 0)) : null;

    private void ValidateRules(JsonObject schema, FieldPath path, string name, bool root, ulong? cardinality, FieldPath? uncorrelated)
    {
        var rules = ValidationRule.Read(schema);
        if (rules.IsEmpty) return;
        var structure = root ? StructuralSchema.BuildRoot(schema) : StructuralSchema.Build(schema);
        path = path.Child("x-kubernetes-validations");
        if (SchemaTypes.Of(structure, name, root) is not { } type)
        {
            faults.Internal(path, $"rule declared on schema that does not support validation rules type: '{JsonTree.String(schema, "type") ?? ""}' x-kubernetes-preserve-unknown-fields: '{(structure.PreserveUnknownFields ? "true" : "false")}'");
            return;
        }
        for (var i = 0; i < rules.Length; i++)
        {
            var compiled = RuleCompilation.Compile(rules[i], type);
            var count = cardinality ?? (ulong)(SchemaTypes.RequestBytesMax / (type.MinSerializedSize + 1));
            Charge(path.Index(i).Child("rule"), "estimated rule cost", CelCostRange.Multiply(compiled.CostMax, count));
            if (compiled.Fault is not null) faults.Invalid(path.Index(i).Child("rule"), rules[i], compiled.Fault);
            if (compiled.MessageFault is not null) faults.Invalid(path.Index(i).Child("messageExpression"), rules[i], compiled.MessageFault);
            else if (compiled.Message is not null) Charge(path.Index(i).Child("messageExpression"), "estimated messageExpression cost", compiled.MessageCostMax);
            if (compiled.UsesOldSelf && uncorrelated is not null)
                faults.Invalid(path.Index(i).Child("rule"), rules[i].Rule, $"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}");
            else if (!compiled.UsesOldSelf && rules[i].OptionalOldSelf is { } optional)
                faults.Invalid(path.Index(i).Child("optionalOldSelf"), optional, "may not be set if oldSelf is not used in rule");
        }
    }

    private void Charge(FieldPath path, string what, ulong cost)
    {
        if (cost > CostMax) faults.Forbidden(path, Excess(what, cost, CostMax));
        _costs.Add((path, cost));
    }

    private static string Excess(string what, ulong cost, ulong max)
    {
        var factor = (double)cost / max;
        var shown = factor > 100 ? "more than 100x"
            : factor.ToString(factor < 1.5 ? "F6" : "F1", CultureInfo.InvariantCulture) + "x";
        return $"{what} exceeds budget by factor of {shown} {Advice}";
    }
}
