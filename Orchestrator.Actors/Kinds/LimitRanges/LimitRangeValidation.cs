using System.Globalization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.LimitRanges;

/// <summary>The bounds and defaults of a LimitRange, which must leave room between them.</summary>
/// <remarks>Source: ValidateLimitRange of kubernetes pkg/apis/core/validation.</remarks>
public sealed class LimitRangeValidation : IKindValidation
{
    private static readonly string[] Lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var types = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, limit) in JsonTree.Object(tree, "spec").Entries("limits"))
        {
            var path = FieldPath.Of("spec").Child("limits").Index(index);
            var type = JsonTree.String(limit, "type") ?? "";
            ValidateType(type, path.Child("type"), faults);
            if (!types.Add(type)) faults.Duplicate(path.Child("type"), type);
            if (type == "Pod")
            {
                foreach (var name in (ReadOnlySpan<string>)["default", "defaultRequest"])
                    if (limit.CountOf(name) > 0) faults.Forbidden(path.Child(name), "may not be specified when `type` is 'Pod'");
            }
            if (type == "PersistentVolumeClaim" && JsonTree.Object(limit, "min")?["storage"] is null && JsonTree.Object(limit, "max")?["storage"] is null)
                faults.Required(path.Child("limits"), "either minimum or maximum storage value is required, but neither was provided");
            ValidateAmounts(limit, type, path, faults);
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidateType(string type, FieldPath path, FaultList faults)
    {
        if (type.Length == 0) return;
        if (ObjectNames.QualifiedName(type) is { } fault) faults.Invalid(path, type, fault);
        else if (!type.Contains('/', StringComparison.Ordinal) && type is not ("Pod" or "Container" or "PersistentVolumeClaim"))
            faults.Invalid(path, type, "must be a standard limit type or fully qualified");
    }

    private static void ValidateAmounts(JsonObject limit, string type, FieldPath path, FaultList faults)
    {
        var amounts = new Dictionary<(string List, string Resource), Quantity>();
        foreach (var list in Lists)
        {
            if (type == "Pod" && list is "default" or "defaultRequest") continue;
            foreach (var (name, amount) in limit.Quantities(list))
            {
                amounts[(list, name)] = amount;
                var here = path.Child(list).Key(name);
                if (ObjectNames.QualifiedName(name) is { } fault) faults.Invalid(here, name, fault);
                else if (!name.Contains('/', StringComparison.Ordinal) && !IsStandard(type, name))
                    faults.Invalid(here, name, type is "Pod" or "Container" ? "must be a standard resource for containers" : "must be a standard resource type or fully qualified");
                AmountRules.Validate(amount, whole: false, here, faults);
            }
        }
        foreach (var name in amounts.Keys.Select(static k => k.Resource).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            ValidateOrder(list => amounts.TryGetValue((list, name), out var amount) ? amount : null, name, path, faults);
    }

    private static bool IsStandard(string type, string name) => type is "Pod" or "Container"
        ? name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal)
        : name is "cpu" or "memory" or "ephemeral-storage" or "storage" || name.StartsWith("hugepages-", StringComparison.Ordinal);

    private static void ValidateOrder(Func<string, Quantity?> of, string name, FieldPath path, FaultList faults)
    {
        var (min, max, ratio, standard, request) = (of("min"), of("max"), of("maxLimitRequestRatio"), of("default"), of("defaultRequest"));
        if (min > max) faults.Invalid(path.Child("min").Key(name), min.ToString(), $"min value {min} is greater than max value {max}");
        if (request < min) faults.Invalid(path.Child("defaultRequest").Key(name), request.ToString(), $"min value {min} is greater than default request value {request}");
        if (request > max) faults.Invalid(path.Child("defaultRequest").Key(name), request.ToString(), $"default request value {request} is greater than max value {max}");
        if (request > standard)
            faults.Invalid(path.Child("defaultRequest").Key(name), request.ToString(), $"default request value {request} is greater than default limit value {standard}");
        if (standard < min) faults.Invalid(path.Child("default").Key(name), min.ToString(), $"min value {min} is greater than default value {standard}");
        if (standard > max) faults.Invalid(path.Child("default").Key(name), max.ToString(), $"default value {standard} is greater than max value {max}");
        if (ratio is not { } most) return;
        var here = path.Child("maxLimitRequestRatio").Key(name);
        if (most < Quantity.FromUnits(1)) faults.Invalid(here, most.ToString(), $"ratio {most} is less than 1");
        if (min is not { Sign: > 0 } low || max is not { } high) return;
        var room = (double)high.Milli / low.Milli;
        if (most.Milli / 1000.0 > room)
            faults.Invalid(here, most.ToString(), string.Create(CultureInfo.InvariantCulture, $"ratio {most} is greater than max/min = {room:F6}"));
    }
}
