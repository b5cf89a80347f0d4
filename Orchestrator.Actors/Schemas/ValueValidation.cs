using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks one value of a custom resource against the limits of its schema.</summary>
internal static class ValueValidation
{
    public static void Check(JsonNode value, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        if (!limits.EnumValues.IsEmpty) CheckEnum(value, limits.EnumValues, path, faults);
        switch (value)
        {
            case JsonObject tree: CheckCounts(tree, limits, path, faults); break;
            case JsonArray list: CheckItems(list, limits, path, faults); break;
            default:
                if (JsonTree.IsString(value, out var text)) CheckText(text, limits, path, faults);
                else if (JsonTree.AsDouble(value) is { } number) CheckNumber(value, number, limits, path, faults);
                break;
        }
        CheckJunctors(value, limits, path, faults);
    }

    private static void CheckEnum(JsonNode value, ImmutableArray<JsonNode?> allowed, FieldPath path, FaultList faults)
    {
        foreach (var one in allowed)
            if (JsonTree.DeepEquals(one, value)) return;
        faults.NotSupported(path, value, allowed.Select(one => JsonTree.AsString(one) ?? JsonTree.ToText(one)));
    }

    private static void CheckText(string text, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        if (limits.MinLength is not null || limits.MaxLength is not null)
        {
            var length = text.EnumerateRunes().Count();
            if (length < limits.MinLength) faults.Invalid(path, text, $"{path} in body should be at least {limits.MinLength} chars long");
            if (length > limits.MaxLength) faults.TooLong(path, (int)limits.MaxLength.Value);
        }
        if (limits.Pattern is { } pattern && !Matches(pattern, text))
            faults.Invalid(path, text, $"{path} in body should match '{limits.PatternText}'");
        if (limits.Format.Length > 0 && !StringFormats.IsValid(limits.Format, text))
            faults.Invalid(path, text, $"{path} in body must be of type {limits.Format}: {GoQuote.Quote(text)}");
    }

    private static bool Matches(System.Text.RegularExpressions.Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (System.Text.RegularExpressions.RegexMatchTimeoutException)
        {
            // A definition's pattern must not be a way to hang the server: what cannot be decided in time is refused.
            return false;
        }
    }

    private static void CheckNumber(JsonNode value, double number, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        if (limits.Minimum is { } low && (limits.ExclusiveMinimum ? number <= low : number < low))
            faults.Invalid(path, value, $"{path} in body should be greater than {(limits.ExclusiveMinimum ? "" : "or equal to ")}{Show(low)}");
        if (limits.Maximum is { } high && (limits.ExclusiveMaximum ? number >= high : number > high))
            faults.Invalid(path, value, $"{path} in body should be less than {(limits.ExclusiveMaximum ? "" : "or equal to ")}{Show(high)}");
        if (limits.MultipleOf is { } factor && Math.Abs(Math.IEEERemainder(number, factor)) > 1e-9 * Math.Abs(factor))
            faults.Invalid(path, value, $"{path} in body should be a multiple of {Show(factor)}");
        if (limits.Format == "int32" && number is < int.MinValue or > int.MaxValue)
            faults.Invalid(path, value, $"{path} in body must be of type int32: {GoQuote.Quote(JsonTree.ToText(value))}");
    }

    private static void CheckItems(JsonArray list, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        if (list.Count < limits.MinItems) faults.Invalid(path, list.Count, $"{path} in body should have at least {limits.MinItems} items");
        if (list.Count > limits.MaxItems) faults.TooMany(path, list.Count, limits.MaxItems.Value);
    }

    private static void CheckCounts(JsonObject tree, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        if (tree.Count < limits.MinProperties) faults.Invalid(path, tree.Count, $"{path} in body should have at least {limits.MinProperties} properties");
        if (tree.Count > limits.MaxProperties) faults.TooMany(path, tree.Count, limits.MaxProperties.Value);
    }

    public static void CheckJunctors(JsonNode value, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        foreach (var schema in limits.AllOf) CustomValidation.Visit(value, schema, path, faults);
        if (!limits.AllOf.IsEmpty && CountValid(value, limits.AllOf, path) < limits.AllOf.Length)
            faults.Invalid(path, "", $"{GoQuote.Quote(path.ToString())} must validate all the schemas (allOf)");
        if (!limits.AnyOf.IsEmpty && CountValid(value, limits.AnyOf, path) == 0)
            faults.Invalid(path, "", $"{GoQuote.Quote(path.ToString())} must validate at least one schema (anyOf)");
        if (!limits.OneOf.IsEmpty && CountValid(value, limits.OneOf, path) is var valid and not 1)
        {
            var found = valid == 0 ? "Found none valid" : $"Found {valid.ToString(CultureInfo.InvariantCulture)} valid alternatives";
            faults.Invalid(path, "", $"{GoQuote.Quote(path.ToString())} must validate one and only one schema (oneOf). {found}");
        }
        if (limits.Not is { } not && CountValid(value, [not], path) == 1)
            faults.Invalid(path, "", $"{GoQuote.Quote(path.ToString())} must not validate the schema (not)");
    }

    private static int CountValid(JsonNode value, ImmutableArray<TypeSchema> schemas, FieldPath path)
    {
        var count = 0;
        foreach (var schema in schemas)
        {
            var scratch = new FaultList();
            CustomValidation.Visit(value, schema, path, scratch);
            if (scratch.IsEmpty) count++;
        }
        return count;
    }

    private static string Show(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
