using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Evaluation;

/// <summary>The operators that need not evaluate all of their operands.</summary>
internal static class CelLogic
{
    /// <summary>False when either is false, whatever became of the other.</summary>
    public static CelValue And(CelStep left, CelStep right, CelFrame frame) => Combine(left, right, frame, false);

    public static CelValue Or(CelStep left, CelStep right, CelFrame frame) => Combine(left, right, frame, true);

    public static CelValue Choose(CelStep condition, CelStep whenTrue, CelStep whenFalse, CelFrame frame) => condition(frame) switch
    {
        CelBool b => b.Value ? whenTrue(frame) : whenFalse(frame),
        CelError error => error,
        _ => CelError.NoSuchOverload,
    };

    private static CelValue Combine(CelStep left, CelStep right, CelFrame frame, bool decisive)
    {
        var a = left(frame);
        if (a is CelBool x && x.Value == decisive) return a;
        var b = right(frame);
        if (b is CelBool y && y.Value == decisive) return b;
        if (a is CelError) return a;
        if (b is CelError) return b;
        return a is CelBool && b is CelBool ? CelBool.Of(!decisive) : CelError.NoSuchOverload;
    }
}

/// <summary>Fields, elements and their presence.</summary>
internal static class CelAccess
{
    public static CelValue Select(CelValue owner, string field) => owner switch
    {
        CelMap map => map.Find(field) ?? CelError.NoSuchKey(new CelString(field)),
        CelOptional o => o.Value is null ? CelOptional.None : SelectOptional(o.Value, field),
        CelError => owner,
        _ => CelError.NoSuchOverload,
    };

    public static CelValue SelectOptional(CelValue owner, string field)
    {
        if (owner is CelOptional optional)
        {
            if (optional.Value is null) return optional;
            owner = optional.Value;
        }
        return owner switch
        {
            CelMap map => map.Find(field) is not { } value ? CelOptional.None : value is CelError ? value : new CelOptional(value),
            CelError => owner,
            _ => CelError.NoSuchOverload,
        };
    }

    public static CelValue Has(CelValue owner, string field, bool optional)
    {
        if (owner is CelOptional o)
        {
            if (o.Value is null) return CelBool.False;
            owner = o.Value;
        }
        return owner switch
        {
            CelMap map => CelBool.Of(map.Find(field) is { } value && !(optional && value is CelNull)),
            CelError => owner,
            _ => CelError.NoSuchOverload,
        };
    }

    public static CelValue Index(CelValue owner, CelValue index)
    {
        switch (owner)
        {
            case CelList list:
                if (Position(index) is not { } at) return new CelError($"unsupported index type '{index.Type.Name}' in list");
                return at >= 0 && at < list.Count ? list[(int)at] : new CelError($"index out of bounds: {CelText.Show(index)}");
            case CelMap map: return map.Find(index) ?? CelError.NoSuchKey(index);
            case CelOptional o: return o.Value is null ? o : IndexOptional(o.Value, index);
            default: return CelError.NoSuchOverload;
        }
    }

    public static CelValue IndexOptional(CelValue owner, CelValue index)
    {
        if (owner is CelOptional optional)
        {
            if (optional.Value is null) return optional;
            owner = optional.Value;
        }
        switch (owner)
        {
            case CelList list:
                if (Position(index) is not { } at) return new CelError($"unsupported index type '{index.Type.Name}' in list");
                return at >= 0 && at < list.Count ? new CelOptional(list[(int)at]) : CelOptional.None;
            case CelMap map: return map.Find(index) is { } value ? new CelOptional(value) : CelOptional.None;
            default: return CelError.NoSuchOverload;
        }
    }

    private static long? Position(CelValue index) => index switch
    {
        CelInt i => i.Value,
        CelUint u => u.Value > int.MaxValue ? long.MaxValue : (long)u.Value,
        CelDouble d when Math.Truncate(d.Value) == d.Value => (long)d.Value,
        _ => null,
    };
}
