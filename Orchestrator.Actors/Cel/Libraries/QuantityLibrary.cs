using System.Globalization;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>A quantity such as <c>1.5Gi</c> as a value of the language.</summary>
internal sealed class CelQuantity(Quantity value) : CelValue
{
    public static CelType QuantityType { get; } = CelType.Opaque("kubernetes.Quantity");

    public Quantity Value => value;

    public override CelType Type => QuantityType;

    public override bool SameAs(CelValue other) => other is CelQuantity q && q.Value == value;

    public override JsonNode? ToJson() => value.ToString();
}

/// <summary>Quantities: parsing, order, addition.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/library/quantity.go.</remarks>
internal static class QuantityLibrary
{
    public static CelLibrary Build() => new CelLibrary()
        .AddType("kubernetes.Quantity", CelQuantity.QuantityType)
        .Add("quantity(string) kubernetes.Quantity", static a => Quantity.Parse(StandardLibrary.Text(a[0]), out var q) is { } fault ? new CelError(fault) : new CelQuantity(q), CelCostRule.Text)
        .Add("isQuantity(string) bool", static a => CelBool.Of(Quantity.TryParse(StandardLibrary.Text(a[0]), out _)), CelCostRule.Text)
        .Add("kubernetes.Quantity.sign() int", static a => CelInt.Of(Of(a[0]).Sign))
        .Add("kubernetes.Quantity.isInteger() bool", static a => CelBool.Of(IsWhole(Of(a[0]))))
        .Add("kubernetes.Quantity.asInteger() int", static a => IsWhole(Of(a[0])) ? CelInt.Of(Of(a[0]).Units) : new CelError("cannot convert value to integer"))
        .Add("kubernetes.Quantity.asApproximateFloat() double", static a => new CelDouble(ToDouble(Of(a[0]))))
        .Add("kubernetes.Quantity.isGreaterThan(kubernetes.Quantity) bool", static a => CelBool.Of(Of(a[0]) > Of(a[1])))
        .Add("kubernetes.Quantity.isLessThan(kubernetes.Quantity) bool", static a => CelBool.Of(Of(a[0]) < Of(a[1])))
        .Add("kubernetes.Quantity.compareTo(kubernetes.Quantity) int", static a => CelInt.Of(Math.Sign(Of(a[0]).CompareTo(Of(a[1])))))
        .Add("kubernetes.Quantity.add(kubernetes.Quantity) kubernetes.Quantity", static a => new CelQuantity(Of(a[0]) + Of(a[1])))
        .Add("kubernetes.Quantity.add(int) kubernetes.Quantity", static a => new CelQuantity(Of(a[0]) + Quantity.FromUnits(Arithmetic.Int(a[1]))))
        .Add("kubernetes.Quantity.sub(kubernetes.Quantity) kubernetes.Quantity", static a => new CelQuantity(Of(a[0]) - Of(a[1])))
        .Add("kubernetes.Quantity.sub(int) kubernetes.Quantity", static a => new CelQuantity(Of(a[0]) - Quantity.FromUnits(Arithmetic.Int(a[1]))));

    private static Quantity Of(CelValue value) => ((CelQuantity)value).Value;

    // The greatest amounts are what greater ones are cut to, and upstream does not take them for numbers.
    private static bool IsWhole(Quantity value) => value.Units is not (long.MaxValue or long.MinValue or -long.MaxValue) && Quantity.FromUnits(value.Units) == value;

    private static double ToDouble(Quantity value)
    {
        // The canonical text is a number and a suffix; both are exact.
        var text = value.ToString();
        var end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1])) end--;
        var exponent = text.IndexOf('e', StringComparison.Ordinal);
        if (exponent > 0) return double.Parse(text, CultureInfo.InvariantCulture);
        var number = double.Parse(text.AsSpan(0, end), CultureInfo.InvariantCulture);
        return text[end..] switch
        {
            "" => number,
            [var unit, 'i'] => number * Math.Pow(2, 10 * ("KMGTPE".IndexOf(unit, StringComparison.Ordinal) + 1)),
            [var unit] when "kMGTPE".Contains(unit, StringComparison.Ordinal) => number * Math.Pow(10, 3 * ("kMGTPE".IndexOf(unit, StringComparison.Ordinal) + 1)),
            [var unit] => number / Math.Pow(10, 3 * ("mun".IndexOf(unit, StringComparison.Ordinal) + 1)),
            _ => number,
        };
    }
}
