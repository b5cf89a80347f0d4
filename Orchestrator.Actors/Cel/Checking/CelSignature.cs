using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Types;

namespace Orchestrator.Actors.Cel.Checking;

/// <summary>Reads signatures as libraries write them: <c>list(T).indexOf(T) int</c>, <c>size(string) int</c>.</summary>
internal static class CelSignature
{
    /// <exception cref="FormatException">A fault of the library.</exception>
    public static CelOverload Read(string text, CelBody body, CelCostRule cost, bool takesErrors)
    {
        var end = text.LastIndexOf(") ", StringComparison.Ordinal);
        var open = Opening(text, end);
        var head = text[..open];
        var dot = MemberDot(head);
        var at = 0;
        var parameters = ImmutableArray.CreateBuilder<CelType>();
        if (dot > 0) parameters.Add(ReadType(head[..dot], ref at));
        var inner = text[(open + 1)..end];
        for (at = 0; at < inner.Length;)
        {
            parameters.Add(ReadType(inner, ref at));
            while (at < inner.Length && inner[at] is ',' or ' ') at++;
        }
        at = 0;
        return new CelOverload
        {
            Function = dot > 0 ? head[(dot + 1)..] : head.TrimStart('.'),
            IsMember = dot > 0,
            Parameters = parameters.ToImmutable(),
            Result = ReadType(text[(end + 2)..], ref at),
            Body = body,
            Cost = cost,
            TakesErrors = takesErrors,
        };
    }

    private static int Opening(string text, int close)
    {
        var depth = 0;
        for (var i = close; i >= 0; i--)
        {
            if (text[i] == ')') depth++;
            else if (text[i] == '(' && --depth == 0) return i;
        }
        throw new FormatException(text);
    }

    // "<T>.f" is a member; a global function with a dotted name is written with a leading dot: ".math.max".
    private static int MemberDot(string head)
    {
        if (head[0] == '.') return -1;
        var depth = 0;
        for (var i = head.Length - 1; i > 0; i--)
        {
            if (head[i] == ')') depth++;
            else if (head[i] == '(') depth--;
            else if (head[i] == '.' && depth == 0) return i;
        }
        return -1;
    }

    public static CelType ReadType(string text, ref int at)
    {
        while (at < text.Length && text[at] == ' ') at++;
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '.' or '_')) at++;
        var name = text[start..at];
        var parameters = ImmutableArray.CreateBuilder<CelType>();
        if (at < text.Length && text[at] == '(')
        {
            at++;
            while (text[at] != ')')
            {
                parameters.Add(ReadType(text, ref at));
                while (text[at] is ',' or ' ') at++;
            }
            at++;
        }
        return name switch
        {
            "dyn" => CelType.Dyn,
            "null_type" => CelType.Null,
            "bool" => CelType.Bool,
            "int" => CelType.Int,
            "uint" => CelType.Uint,
            "double" => CelType.Double,
            "string" => CelType.String,
            "bytes" => CelType.Bytes,
            "timestamp" => CelType.Timestamp,
            "duration" => CelType.Duration,
            "list" => CelType.List(parameters[0]),
            "map" => CelType.Map(parameters[0], parameters[1]),
            "optional" => CelType.Optional(parameters[0]),
            "type" => CelType.TypeOf(parameters[0]),
            { Length: 1 } => CelType.Parameter(name),
            _ => CelType.Opaque(name),
        };
    }
}
