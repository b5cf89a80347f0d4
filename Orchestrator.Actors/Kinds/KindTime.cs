using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds;

/// <summary>The two forms of time in objects: metav1.Time in whole seconds and metav1.MicroTime.</summary>
public static class KindTime
{
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string FormatMicro(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset? Read(JsonElement owner, string name) => Parse(owner.Text(name));

    public static DateTimeOffset? Read(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? Parse(text) : null;

    /// <summary>The time that many seconds later; the first or the last time there is where it would lie beyond.</summary>
    /// <param name="seconds">May be any number: specs are not bounded, and the largest is a way to say for ever.</param>
    public static DateTimeOffset Plus(this DateTimeOffset time, long seconds)
    {
        if (seconds >= (long)(DateTimeOffset.MaxValue - time).TotalSeconds) return DateTimeOffset.MaxValue;
        if (seconds <= (long)(DateTimeOffset.MinValue - time).TotalSeconds) return DateTimeOffset.MinValue;
        return time.AddSeconds(seconds);
    }

    public static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
