using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Docker.DotNet;

/// <summary>Builds the query of a request; what is null is left out.</summary>
internal sealed class Query
{
    private readonly StringBuilder _text = new();

    public Query Add(string name, string value)
    {
        if (value is null) return this;
        _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        return this;
    }

    public Query Add(string name, bool? value) => Add(name, value is null ? null : value.Value ? "true" : "false");

    public Query Add(string name, long? value) => Add(name, value?.ToString(CultureInfo.InvariantCulture));

    public Query Add(string name, IEnumerable<string> values)
    {
        foreach (var value in values ?? []) Add(name, value);
        return this;
    }

    public Query Filters(IDictionary<string, IDictionary<string, bool>> filters) =>
        Add("filters", filters is null ? null : JsonSerializer.Serialize(filters));

    public override string ToString() => _text.ToString();
}
