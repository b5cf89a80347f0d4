using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Evaluation;

/// <summary>The loop of a comprehension.</summary>
internal sealed class CelFold(CelStep range, CelStep initial, CelStep condition, CelStep step, int accumulator, int first, int second)
{
    /// <summary>The accumulator is a list that only grows, so it need not be copied at every step.</summary>
    public bool GrowsList { get; init; }

    /// <summary>The same of a map.</summary>
    public bool GrowsMap { get; init; }

    /// <returns>An error of the range; null when the loop ended and left its value in the accumulator.</returns>
    public CelValue? Run(CelFrame frame)
    {
        var over = range(frame);
        if (over is CelError) return over;
        var start = initial(frame);
        var builder = GrowsList ? new CelListBuilder() : GrowsMap ? (CelValue)new CelTable() : start;
        frame.Locals[accumulator] = builder;
        switch (over)
        {
            case CelList list:
                for (var i = 0; i < list.Count; i++)
                    if (!Iterate(frame, second < 0 ? list[i] : CelInt.Of(i), second < 0 ? null : list[i])) break;
                return null;
            case CelMap map:
                foreach (var key in map.Keys)
                    if (!Iterate(frame, key, second < 0 ? null : map.Find(key)!)) break;
                return null;
            default:
                return CelError.NoSuchOverload;
        }
    }

    public CelValue Finish(CelStep result, CelFrame frame)
    {
        if (frame.Locals[accumulator] is CelListBuilder builder) frame.Locals[accumulator] = builder.Done();
        return result(frame);
    }

    private bool Iterate(CelFrame frame, CelValue item, CelValue? other)
    {
        frame.Locals[first] = item;
        if (second >= 0) frame.Locals[second] = other;
        // What ends a loop is false alone; an error may still be made good by a later element.
        if (condition(frame) is not CelBool { Value: true }) return false;
        var next = step(frame);
        frame.Locals[accumulator] = next;
        return !(next is CelError && (GrowsList || GrowsMap));
    }
}
