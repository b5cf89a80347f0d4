namespace Orchestrator.Actors.Cel.Estimation;

/// <summary>Bounds of a cost or of a size. Sums and products stop at the largest number instead of wrapping around.</summary>
public readonly record struct CelCostRange(ulong Min, ulong Max)
{
    public static CelCostRange Unknown { get; } = new(0, ulong.MaxValue);
    public static CelCostRange One { get; } = new(1, 1);

    public static CelCostRange Of(long exact) => new((ulong)exact, (ulong)exact);

    public static CelCostRange operator +(CelCostRange a, CelCostRange b) => new(Add(a.Min, b.Min), Add(a.Max, b.Max));

    public static CelCostRange operator *(CelCostRange a, CelCostRange b) => new(Multiply(a.Min, b.Min), Multiply(a.Max, b.Max));

    /// <summary>The size times a factor, rounded up.</summary>
    public CelCostRange Times(double factor) => new(Scale(Min, factor), Scale(Max, factor));

    public CelCostRange Union(CelCostRange other) => new(Math.Min(Min, other.Min), Math.Max(Max, other.Max));

    public static ulong Multiply(ulong a, ulong b) => a != 0 && b > ulong.MaxValue / a ? ulong.MaxValue : a * b;

    private static ulong Add(ulong a, ulong b) => a > ulong.MaxValue - b ? ulong.MaxValue : a + b;

    private static ulong Scale(ulong value, double factor)
    {
        var scaled = Math.Ceiling(value * factor);
        return scaled >= ulong.MaxValue ? ulong.MaxValue : (ulong)scaled;
    }
}
