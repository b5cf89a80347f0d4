using System.Text;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.Rules;

/// <summary>Holds one custom resource against the rules of its definition.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go.</remarks>
/// <param name="faults">Where faults go; those of values that an update leaves alone become warnings.</param>
internal sealed class RuleEvaluation(FaultList faults)
{
    /// <summary>How long a computed message may be (bytes).</summary>
    private const int MessageBytesMax = 5 * 1024;

    private const string OutOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

    private readonly CelBudget _budget = new(CelBudget.PerObjectMax);
    private bool _stopped;

    /// <param name="tree">The new state.</param>
    /// <param name="stored">The state before; null on creation.</param>
    /// <param name="path">Where a default stands in a definition, which is let nothing pass; null for a whole object.</param>
    public void Validate(CustomRules rules, JsonNode tree, JsonNode? stored, FieldPath? path = null)
    {
        Visit(rules, path ?? FieldPath.Root, tree, stored, stored is null || path is not null ? default : new Ratchet(new Correlation(tree, stored, rules.Schema), null));
    }

    /// <param name="Current">What the value was; null when that cannot be told.</param>
    /// <param name="Nearest">The same of the nearest value around it of which it can be told.</param>
    private readonly record struct Ratchet(Correlation? Current, Correlation? Nearest)
    {
        public bool IsUnchanged => (Current ?? Nearest) is { IsUnchanged: true };

        public Ratchet Key(string name, TypeSchema? schema) => Current is null ? this
            : Nearest is null && name is "apiVersion" or "kind" ? default
            : new Ratchet(Current.Key(name, schema), Current);

        public Ratchet Index(int index, TypeSchema? schema) => Current is null ? this : new Ratchet(Current.Index(index, schema), Current);
    }

    private void Visit(CustomRules rules, FieldPath path, JsonNode? value, JsonNode? old, Ratchet ratchet)
    {
        if (value is null || _stopped) return;
        Evaluate(rules, path, value, old, ratchet);
        foreach (var part in rules.AllOf) Visit(part, path, value, old, new Ratchet(null, ratchet.Nearest));
        switch (value)
        {
            case JsonArray list when rules.Items is { } items:
                var before = new Correlation(list, old, rules.Schema);
                for (var i = 0; i < list.Count && !_stopped; i++)
                    Visit(items, path.Index(i), list[i], before.Index(i, items.Schema)?.Old, ratchet.Index(i, items.Schema));
                break;
            case JsonObject tree:
                VisitObject(rules, path, tree, rules.Schema.Atomic ? null : old as JsonObject, ratchet);
                break;
        }
    }

    private void VisitObject(CustomRules rules, FieldPath path, JsonObject tree, JsonObject? old, Ratchet ratchet)
    {
        if (rules.Items is null && rules.Properties.Count == 0) return;
        for (var i = 0; i < tree.Count && !_stopped; i++)
        {
            var (name, value) = tree.GetAt(i);
            if (rules.Schema.Kind == SchemaKind.Map)
            {
                if (rules.Items is { } items) Visit(items, path.Key(name), value, old?[name], ratchet.Key(name, items.Schema));
            }
            else if (rules.Properties.TryGetValue(name, out var field)) Visit(field, path.Child(name), value, old?[name], ratchet.Key(name, field.Schema));
        }
    }

    private void Evaluate(CustomRules rules, FieldPath path, JsonNode value, JsonNode? old, Ratchet ratchet)
    {
        if (rules.Compiled.IsEmpty) return;
        var type = TypeNameOf(rules.Schema);
        if (_budget.Remaining <= 0)
        {
            Stop(path, type, OutOfBudget);
            return;
        }
        var self = CelJson.Of(value, rules.Schema);
        var oldSelf = old is null ? null : CelJson.Of(old, rules.Schema);
        foreach (var rule in rules.Compiled)
        {
            if (_stopped) return;
            if (rule.Fault is not null) faults.Invalid(path, type, $"rule compile error: {rule.Fault}");
            if (rule.Program is null || (rule.UsesOldSelf && oldSelf is null && rule.Rule.OptionalOldSelf != true)) continue;
            EvaluateRule(rule, path, type, self, oldSelf, ratchet);
        }
    }

    private void EvaluateRule(RuleCompilation rule, FieldPath path, string type, CelValue self, CelValue? oldSelf, Ratchet ratchet)
    {
        var activation = new CelActivation(rule.Environment).Set("self", self);
        if (rule.Rule.OptionalOldSelf == true) activation.Set("oldSelf", oldSelf is null ? CelOptional.None : new CelOptional(oldSelf));
        else if (oldSelf is not null) activation.Set("oldSelf", oldSelf);

        var result = rule.Program!.Evaluate(activation, _budget);
        if (_budget.IsExhausted)
        {
            Stop(path, type, OutOfBudget);
            return;
        }
        switch (result)
        {
            case CelBool { Value: true }:
                return;
            case CelError error when error.Message.StartsWith("no such overload", StringComparison.Ordinal):
                faults.Invalid(path, type, $"'{error.Message}': call arguments did not match a supported operator, function or macro signature for rule: {rule.Rule.Shown}");
                return;
            case CelError error when ReferenceEquals(error, CelError.CostExceeded):
                Stop(path, type, $"'{error.Message}': no further validation rules will be run due to call cost exceeds limit for rule: {rule.Rule.Shown}");
                return;
            case CelError error:
                faults.Invalid(path, type, $"{error.Message} evaluating rule: {rule.Rule.Shown}");
                return;
        }
        var place = rule.Field.Length == 0 ? path : path.Child(rule.Field);
        var target = new FaultList();
        var message = MessageOf(rule, activation, place, type, target);
        if (message is not null) Tell(rule.Rule.Reason, place, type, message, target);
        foreach (var cause in target.Causes)
        {
            if (!rule.UsesOldSelf && ratchet.IsUnchanged) faults.Warn(cause);
            else faults.Add(cause);
        }
    }

    private void Stop(FieldPath path, string type, string why)
    {
        faults.Invalid(path, type, why);
        _stopped = true;
    }

    /// <returns>Null when no more rules are run, which has been told.</returns>
    private string? MessageOf(RuleCompilation rule, CelActivation activation, FieldPath path, string type, FaultList target)
    {
        var usual = rule.Rule.Message.Length == 0 ? $"failed rule: {rule.Rule.Shown}" : rule.Rule.Message.Trim();
        if (rule.Message is null) return usual;
        var made = rule.Message.Evaluate(activation, _budget);
        string? fault = null;
        if (_budget.IsExhausted) fault = "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run";
        else if (ReferenceEquals(made, CelError.CostExceeded))
            fault = $"no further validation rules will be run due to call cost exceeds limit for messageExpression: {GoQuote.Quote(rule.Rule.MessageExpression)}";
        if (fault is not null)
        {
            target.Invalid(path, type, fault);
            _stopped = true;
            return null;
        }
        var text = made is CelString s ? s.Value.Trim() : "";
        return text.Length == 0 || text.Contains('\n', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(text) > MessageBytesMax ? usual : text;
    }

    private static void Tell(string reason, FieldPath path, string type, string message, FaultList target)
    {
        switch (reason)
        {
            case "FieldValueForbidden": target.Forbidden(path, message); break;
            case "FieldValueRequired": target.Required(path, message); break;
            case "FieldValueDuplicate": target.Duplicate(path, type); break;
            default: target.Invalid(path, type, message); break;
        }
    }

    private static string TypeNameOf(TypeSchema schema) => schema.Kind switch
    {
        SchemaKind.Object or SchemaKind.Map or SchemaKind.RawObject => "object",
        SchemaKind.List => "array",
        SchemaKind.Int32 or SchemaKind.Int64 => "integer",
        SchemaKind.Double => "number",
        SchemaKind.Bool => "boolean",
        SchemaKind.String or SchemaKind.Time or SchemaKind.MicroTime or SchemaKind.Bytes => "string",
        _ => "",
    };
}
