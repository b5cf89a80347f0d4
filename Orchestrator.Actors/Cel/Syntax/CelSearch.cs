namespace Orchestrator.Actors.Cel.Syntax;

/// <summary>Looks for what an expression touches.</summary>
public static class CelSearch
{
    /// <summary>Whether a field of a variable is selected anywhere: <c>claims.email</c>, <c>claims.?email</c> or in <c>has()</c>.</summary>
    public static bool Selects(CelExpr? expression, string variable, string field) => expression switch
    {
        CelSelect select => (select.Field == field && select.Operand is CelIdent ident && ident.Name == variable) || Selects(select.Operand, variable, field),
        CelCall call => Selects(call.Target, variable, field) || call.Args.Any(a => Selects(a, variable, field)),
        CelListExpr list => list.Items.Any(i => Selects(i, variable, field)),
        CelMapExpr map => map.Entries.Any(e => Selects(e.Key, variable, field) || Selects(e.Value, variable, field)),
        CelComprehension fold => Selects(fold.Range, variable, field) || Selects(fold.Initial, variable, field) || Selects(fold.Condition, variable, field)
            || Selects(fold.Step, variable, field) || Selects(fold.Result, variable, field),
        _ => false,
    };
}
