using System.Collections.Immutable;
using System.Globalization;
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
        faults.NotSupported(path, value is JsonValue ? value : GoSyntax.Untyped(value), allowed.Select(one => JsonTree.AsString(one) ?? JsonTree.ToText(one)));
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
        // Go compares integers with integers, and cuts the limit to one.
        var cut = JsonTree.AsInt64(value) is not null;
        if (Bound(limits.Minimum, cut) is { } low && (limits.ExclusiveMinimum ? number <= low : number < low))
            faults.Invalid(path, value, $"{path} in body should be greater than {(limits.ExclusiveMinimum ? "" : "or equal to ")}{Show(low)}");
        if (Bound(limits.Maximum, cut) is { } high && (limits.ExclusiveMaximum ? number >= high : number > high))
            faults.Invalid(path, value, $"{path} in body should be less than {(limits.ExclusiveMaximum ? "" : "or equal to ")}{Show(high)}");
        if (limits.MultipleOf is { } factor && Math.Abs(Math.IEEERemainder(number, factor)) > 1e-9 * Math.Abs(factor))
            faults.Invalid(path, value, $"{path} in body should be a multiple of {Show(factor)}");
    }

    private static double? Bound(double? limit, bool cut) => limit is { } value && cut ? Math.Truncate(value) : limit;

    private static void CheckItems(JsonArray list, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        if (list.Count < limits.MinItems) faults.Invalid(path, list.Count, $"{path} in body should have at least {limits.MinItems} items");
        if (list.Count > limits.MaxItems) faults.TooMany(path, list.Count, limits.MaxItems.Value);
    }

    private static void CheckCounts(JsonObject tree, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        if (tree.Count < limits.MinProperties) faults.Invalid(path, limits.MinProperties, $"{path} in body should have at least {limits.MinProperties} properties");
        if (tree.Count > limits.MaxProperties) faults.TooMany(path, tree.Count, limits.MaxProperties.Value);
    }

    /// <summary>Whether the object has too many or too few entries.</summary>
    public static bool IsMiscounted(JsonObject tree, ValueConstraints limits) => tree.Count < limits.MinProperties || tree.Count > limits.MaxProperties;

    /// <summary>Checks what allOf, anyOf, oneOf and not say. What they refuse has no path, only a text that names it.</summary>
    public static void CheckJunctors(JsonNode value, ValueConstraints limits, FieldPath path, FaultList faults)
    {
        foreach (var schema in limits.AllOf) CustomValidation.Visit(value, schema, path, faults);
        if (!limits.AllOf.IsEmpty && Try(value, limits.AllOf, path).Valid < limits.AllOf.Length)
            faults.Invalid(FieldPath.Root, "", $"{GoQuote.Quote(path.ToString())} must validate all the schemas (allOf)");
        if (!limits.AnyOf.IsEmpty && Try(value, limits.AnyOf, path) is { Valid: 0 } any)
        {
            faults.Invalid(FieldPath.Root, "", $"{GoQuote.Quote(path.ToString())} must validate at least one schema (anyOf)");
            foreach (var cause in any.Nearest) faults.Add(cause);
        }
        if (!limits.OneOf.IsEmpty && Try(value, limits.OneOf, path) is var (valid, nearest) && valid != 1)
        {
            var found = valid == 0 ? "Found none valid" : $"Found {valid.ToString(CultureInfo.InvariantCulture)} valid alternatives";
            faults.Invalid(FieldPath.Root, "", $"{GoQuote.Quote(path.ToString())} must validate one and only one schema (oneOf). {found}");
            if (valid == 0)
                foreach (var cause in nearest) faults.Add(cause);
        }
        if (limits.Not is { } not && Try(value, [not], path).Valid == 1)
            faults.Invalid(FieldPath.Root, "", $"{GoQuote.Quote(path.ToString())} must not validate the schema (not)");
    }

    /// <summary>How many of the schemas a value fits, and what is wrong with it by the one that says most about it.</summary>
    private static (int Valid, ImmutableArray<ErrorCause> Nearest) Try(JsonNode value, ImmutableArray<TypeSchema> schemas, FieldPath path)
    {
        var (valid, most) = (0, -1);
        ImmutableArray<ErrorCause> nearest = [];
        foreach (var schema in schemas)
        {
            var scratch = new FaultList();
            CustomValidation.Visit(value, schema, path, scratch);
            if (scratch.IsEmpty) valid++;
            else if (Weigh(value, schema) is var weight && weight > most) (most, nearest) = (weight, scratch.Causes);
        }
        return (valid, nearest);
    }

    private static int Weigh(JsonNode? value, TypeSchema schema)
    {
        var weight = 1;
        if (value is not JsonObject tree) return weight;
        foreach (var field in schema.Fields)
            if (field.IsDescribed && tree.TryGetPropertyValue(field.Name, out var part)) weight += Weigh(part, field.Type);
        return weight;
    }

    private static string Show(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
