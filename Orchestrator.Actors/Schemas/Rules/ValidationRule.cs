using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.Rules;

/// <summary>One entry of <c>x-kubernetes-validations</c>.</summary>
/// <param name="Rule">The expression, which is true for valid values.</param>
/// <param name="Message">Told when it is false; empty for none.</param>
/// <param name="MessageExpression">Makes the message; empty for none.</param>
/// <param name="Reason">The kind of fault, such as <c>FieldValueForbidden</c>; empty for invalid.</param>
/// <param name="FieldPath">The field below that the fault is told of; empty for the value itself.</param>
/// <param name="OptionalOldSelf">oldSelf is optional and the rule runs on creation too; null when it is not said.</param>
public sealed record ValidationRule(string Rule, string Message, string MessageExpression, string Reason, string FieldPath, bool? OptionalOldSelf)
{
    /// <summary>How the rule is called in messages.</summary>
    public string Shown => (Message.Length > 0 ? Message : Rule).Trim();

    /// <summary>As upstream's messages show it, which is how Go prints the value.</summary>
    public override string ToString()
    {
        var reason = Reason.Length == 0 ? "nil" : "0xc000000000";
        var optional = OptionalOldSelf is null ? "nil" : "0xc000000000";
        return $"apiextensions.ValidationRule{{Rule:{GoQuote.Quote(Rule)}, Message:{GoQuote.Quote(Message)}, MessageExpression:{GoQuote.Quote(MessageExpression)}, " +
            $"Reason:(*apiextensions.FieldValueErrorReason)({reason}), FieldPath:{GoQuote.Quote(FieldPath)}, OptionalOldSelf:(*bool)({optional})}}";
    }

    /// <summary>The rules of a node of a schema as it is written; empty when there are none.</summary>
    public static ImmutableArray<ValidationRule> Read(JsonObject schema) =>
        schema["x-kubernetes-validations"] is not JsonArray { Count: > 0 } list ? [] : [.. list.OfType<JsonObject>().Select(static r => new ValidationRule(
            JsonTree.String(r, "rule") ?? "",
            JsonTree.String(r, "message") ?? "",
            JsonTree.String(r, "messageExpression") ?? "",
            JsonTree.String(r, "reason") ?? "",
            JsonTree.String(r, "fieldPath") ?? "",
            JsonTree.Bool(r, "optionalOldSelf")))];
}
