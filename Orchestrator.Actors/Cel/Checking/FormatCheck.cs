using System.Globalization;
using Orchestrator.Actors.Cel.Libraries;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Types;

namespace Orchestrator.Actors.Cel.Checking;

/// <summary>Whether a call of <c>format</c> on a literal, with a literal list, can give a text.</summary>
/// <remarks>Source: cel-go, ext/formatting.go, stringFormatValidator, which the string library brings since its version 1.</remarks>
internal static class FormatCheck
{
    /// <returns>What is wrong and which argument is; the argument is null where it is the call. Null when all is well.</returns>
    public static (string Message, CelExpr? At)? Find(string text, CelListExpr args)
    {
        var used = 0;
        foreach (var clause in FormatClause.Parse(text))
        {
            if (clause.Verb == '\0') continue;
            if (clause.Fault == FormatClause.End) return (FormatClause.End, null);
            if (used >= args.Items.Length) return (string.Create(CultureInfo.InvariantCulture, $"index {used} out of range"), null);
            if (clause.Fault is not null) return (clause.Fault, null);
            var arg = args.Items[used++];
            var wrong = clause.Verb == 's' ? Unshowable(arg) : Takes(clause.Verb, arg.Type.Kind) ? null : arg;
            if (wrong is not null) return ($"error during formatting: {StringFormatting.Refusal(clause.Verb, wrong.Type.Name)}", wrong);
        }
        return args.Items.Length > used
            ? (string.Create(CultureInfo.InvariantCulture, $"too many arguments supplied to string.format (expected {used}, got {args.Items.Length})"), null)
            : null;
    }

    private static bool Takes(char verb, CelTypeKind kind) => kind is CelTypeKind.Dyn || verb switch
    {
        // Texts such as 'NaN' and 'Infinity' stand for numbers.
        'f' or 'e' => kind is CelTypeKind.Double or CelTypeKind.String,
        'b' => kind is CelTypeKind.Int or CelTypeKind.Uint or CelTypeKind.Bool,
        'x' or 'X' => kind is CelTypeKind.Int or CelTypeKind.Uint or CelTypeKind.String or CelTypeKind.Bytes,
        _ => kind is CelTypeKind.Int or CelTypeKind.Uint,
    };

    /// <summary>The argument, or what is in it as far as it is written out, that has no form as text.</summary>
    private static CelExpr? Unshowable(CelExpr arg)
    {
        if (arg.Type.Kind is CelTypeKind.Object or CelTypeKind.Optional or CelTypeKind.Opaque) return arg;
        return arg switch
        {
            CelListExpr list => list.Items.Select(Unshowable).FirstOrDefault(static w => w is not null),
            CelMapExpr map => map.Entries.Select(static e => Unshowable(e.Key) ?? Unshowable(e.Value)).FirstOrDefault(static w => w is not null),
            _ => null,
        };
    }
}
