using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>Addition and its kin: nothing wraps around, nothing converts by itself.</summary>
internal static class Arithmetic
{
    public static void AddTo(CelLibrary library)
    {
        library.Add("_+_(int, int) int", static a => Int((Int128)Int(a[0]) + Int(a[1])))
            .Add("_-_(int, int) int", static a => Int((Int128)Int(a[0]) - Int(a[1])))
            .Add("_*_(int, int) int", static a => Int((Int128)Int(a[0]) * Int(a[1])))
            .Add("_/_(int, int) int", static a => Int(a[1]) == 0 ? CelError.DivideByZero : Int((Int128)Int(a[0]) / Int(a[1])))
            .Add("_%_(int, int) int", static a => Int(a[1]) == 0 ? CelError.ModulusByZero
                : Int(a[0]) == long.MinValue && Int(a[1]) == -1 ? CelError.IntOverflow : CelInt.Of(Int(a[0]) % Int(a[1])))
            .Add("-_(int) int", static a => Int(-(Int128)Int(a[0])))
            .Add("_+_(uint, uint) uint", static a => Uint((Int128)Uint(a[0]) + Uint(a[1])))
            .Add("_-_(uint, uint) uint", static a => Uint((Int128)Uint(a[0]) - Uint(a[1])))
            .Add("_*_(uint, uint) uint", static a => UInt128(a[0], a[1]))
            .Add("_/_(uint, uint) uint", static a => Uint(a[1]) == 0 ? CelError.DivideByZero : new CelUint(Uint(a[0]) / Uint(a[1])))
            .Add("_%_(uint, uint) uint", static a => Uint(a[1]) == 0 ? CelError.ModulusByZero : new CelUint(Uint(a[0]) % Uint(a[1])))
            .Add("_+_(double, double) double", static a => new CelDouble(Double(a[0]) + Double(a[1])))
            .Add("_-_(double, double) double", static a => new CelDouble(Double(a[0]) - Double(a[1])))
            .Add("_*_(double, double) double", static a => new CelDouble(Double(a[0]) * Double(a[1])))
            .Add("_/_(double, double) double", static a => new CelDouble(Double(a[0]) / Double(a[1])))
            .Add("-_(double) double", static a => new CelDouble(-Double(a[0])))
            .Add("_+_(string, string) string", static a => new CelString(StandardLibrary.Text(a[0]) + StandardLibrary.Text(a[1])), CelCostRule.Concat)
            .Add("_+_(bytes, bytes) bytes", static a => new CelBytes([.. ((CelBytes)a[0]).Value.Span, .. ((CelBytes)a[1]).Value.Span]), CelCostRule.Concat)
            .Add("_+_(list(A), list(A)) list(A)", static a => ((CelList)a[0]).Concat((CelList)a[1]))
            .Add("_+_(timestamp, duration) timestamp", static a => ((CelTimestamp)a[0]).Add((CelDuration)a[1]))
            .Add("_+_(duration, timestamp) timestamp", static a => ((CelTimestamp)a[1]).Add((CelDuration)a[0]))
            .Add("_+_(duration, duration) duration", static a => CelDuration.Of((Int128)((CelDuration)a[0]).Nanos + ((CelDuration)a[1]).Nanos))
            .Add("_-_(timestamp, timestamp) duration", static a => ((CelTimestamp)a[0]).Subtract((CelTimestamp)a[1]))
            .Add("_-_(timestamp, duration) timestamp", static a => ((CelTimestamp)a[0]).Subtract((CelDuration)a[1]))
            .Add("_-_(duration, duration) duration", static a => CelDuration.Of((Int128)((CelDuration)a[0]).Nanos - ((CelDuration)a[1]).Nanos))
            .Add("-_(duration) duration", static a => CelDuration.Of(-(Int128)((CelDuration)a[0]).Nanos));
    }

    internal static CelValue Int(Int128 value) => value < long.MinValue || value > long.MaxValue ? CelError.IntOverflow : CelInt.Of((long)value);

    internal static long Int(CelValue value) => ((CelInt)value).Value;

    internal static double Double(CelValue value) => ((CelDouble)value).Value;

    internal static ulong Uint(CelValue value) => ((CelUint)value).Value;

    internal static CelValue Uint(Int128 value) => value < 0 || value > ulong.MaxValue ? CelError.UintOverflow : new CelUint((ulong)value);

    private static CelValue UInt128(CelValue a, CelValue b)
    {
        var product = (UInt128)Uint(a) * Uint(b);
        return product > ulong.MaxValue ? CelError.UintOverflow : new CelUint((ulong)product);
    }
}
