using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Node.Endpoint;

/// <summary>Metrics in the text format of Prometheus.</summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new();

    public MetricsText Begin(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    public MetricsText Add(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels) => Add(name, value, null, labels);

    /// <param name="time">When the value was read, if that is told.</param>
    public MetricsText Add(string name, double value, DateTimeOffset? time, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"")
                .Append(labels[i].Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }
        if (labels.Length > 0) _text.Append('}');
        _text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture));
        if (time is { } at) _text.Append(' ').Append(at.ToUnixTimeMilliseconds());
        _text.Append('\n');
        return this;
    }

    public override string ToString() => _text.ToString();

    public Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(_text.ToString(), http.RequestAborted);
    }
}
