using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Resources;

/// <summary>One condition of a field selector, and where its field is.</summary>
public sealed record FieldRequirement(SelectableField Field, bool Equal, string Value)
{
    public string Key => Field.Name;

    /// <summary>The text of the field is compared; an absent one counts as empty or as its default.</summary>
    public bool Matches(JsonObject tree)
    {
        var node = JsonTree.At(tree, Field.Path.AsSpan());
        if (!Field.Otherwise.IsEmpty && (node is null || JsonTree.AsString(node) is "")) node = JsonTree.At(tree, Field.Otherwise.AsSpan());
        var text = node is null ? Field.Default : JsonTree.AsString(node) ?? JsonTree.ToText(node);
        return string.Equals(text, Value, StringComparison.Ordinal) == Equal;
    }
}

/// <summary>A conjunction of conditions on the few fields that a kind lets be selected by.</summary>
public sealed class FieldSelector(ImmutableArray<FieldRequirement> requirements)
{
    public static readonly FieldSelector Everything = new([]);
    private static readonly SelectableField NameField = new("metadata.name", ["metadata", "name"]);
    private static readonly SelectableField NamespaceField = new("metadata.namespace", ["metadata", "namespace"]);

    public ImmutableArray<FieldRequirement> Requirements { get; } = requirements;

    /// <summary>The name that the selector asks for, when it asks for exactly one; else null.</summary>
    public string? Name => Only("metadata.name");

    /// <summary>The value that <paramref name="key"/> must have, when the selector says so; else null. Lets an index answer.</summary>
    public string? Only(string key)
    {
        foreach (var requirement in Requirements)
            if (requirement.Equal && requirement.Key == key) return requirement.Value;
        return null;
    }

    public bool Matches(JsonObject tree)
    {
        foreach (var requirement in Requirements)
            if (!requirement.Matches(tree)) return false;
        return true;
    }

    /// <summary>Tests a stored object; name and namespace are answered without parsing it.</summary>
    public bool Matches(StoredObject stored)
    {
        JsonObject? tree = null;
        foreach (var requirement in Requirements)
        {
            bool matches;
            if (requirement.Key == "metadata.name") matches = stored.Key.Name == requirement.Value == requirement.Equal;
            else if (requirement.Key == "metadata.namespace") matches = stored.Key.Namespace == requirement.Value == requirement.Equal;
            else matches = requirement.Matches(tree ??= stored.ToTree());
            if (!matches) return false;
        }
        return true;
    }

    /// <summary>Reads the <c>fieldSelector</c> parameter. The fault is what upstream answers with 400.</summary>
    public static FieldSelector? Parse(ResourceSchema schema, string text, out string? fault)
    {
        fault = null;
        var requirements = ImmutableArray.CreateBuilder<FieldRequirement>();
        foreach (var term in SplitTerms(text))
        {
            if (term.Length == 0) continue;
            if (!TrySplit(term, out var key, out var value, out var equal))
            {
                fault = $"invalid selector: '{text}'; can't understand '{term}'";
                return null;
            }
            if (Unescape(value) is not { } plain)
            {
                fault = $"invalid field selector: invalid escape sequence in {GoQuote.Quote(value)}";
                return null;
            }
            if (FieldOf(schema, key) is not { } field)
            {
                fault = schema.IsCustom
                    ? $"field label not supported: {key}"
                    : $"{GoQuote.Quote(key)} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
                if (!schema.SelectableFields.IsEmpty) fault = $"field label not supported: {key}";
                return null;
            }
            requirements.Add(new FieldRequirement(field, equal, plain));
        }
        return requirements.Count == 0 ? Everything : new FieldSelector(requirements.ToImmutable());
    }

    /// <summary>The conditions of a selector whatever kind it is about; those that cannot be read are left out.</summary>
    public static ImmutableArray<(string Key, bool Equal, string Value)> TermsOf(string text)
    {
        var terms = ImmutableArray.CreateBuilder<(string, bool, string)>();
        foreach (var term in SplitTerms(text))
            if (TrySplit(term, out var key, out var value, out var equal) && Unescape(value) is { } plain) terms.Add((key, equal, plain));
        return terms.ToImmutable();
    }

    /// <summary>Whether a text is a selector, whatever kind it is about.</summary>
    public static bool IsReadable(string text) =>
        SplitTerms(text).TrueForAll(static t => t.Length == 0 || (TrySplit(t, out _, out var value, out _) && Unescape(value) is not null));

    /// <summary>A value as a term may hold it.</summary>
    public static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal);

    private static SelectableField? FieldOf(ResourceSchema schema, string key)
    {
        if (key == NameField.Name) return NameField;
        if (key == NamespaceField.Name && schema.Namespaced) return NamespaceField;
        foreach (var field in schema.SelectableFields)
            if (field.Name == key) return field;
        // Kinds that are not namespaced allow the key too; nothing has a namespace there.
        return key == NamespaceField.Name ? NamespaceField : null;
    }

    private static List<string> SplitTerms(string text)
    {
        var terms = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == ',')
            {
                terms.Add(text[start..i]);
                start = i + 1;
            }
        }
        terms.Add(text[start..]);
        return terms;
    }

    private static bool TrySplit(string term, out string key, out string value, out bool equal)
    {
        for (var i = 0; i < term.Length; i++)
        {
            var length = term[i] == '=' ? (i + 1 < term.Length && term[i + 1] == '=' ? 2 : 1)
                : term[i] == '!' && i + 1 < term.Length && term[i + 1] == '=' ? 2 : 0;
            if (length == 0) continue;
            (key, value, equal) = (term[..i], term[(i + length)..], term[i] == '=');
            return true;
        }
        (key, value, equal) = ("", "", false);
        return false;
    }

    private static string? Unescape(string value)
    {
        if (!value.AsSpan().ContainsAny("\\,=")) return value;
        var plain = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\')
            {
                if (++i == value.Length || value[i] is not ('\\' or ',' or '=')) return null;
            }
            else if (value[i] is ',' or '=') return null;
            plain.Append(value[i]);
        }
        return plain.ToString();
    }
}
