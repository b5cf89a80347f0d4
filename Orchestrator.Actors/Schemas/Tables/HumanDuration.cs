using System.Globalization;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Spans of time as kubectl shows them: two units at most, and the smaller one only while it matters.</summary>
/// <remarks>Source: the thresholds of k8s.io/apimachinery's duration.HumanDuration.</remarks>
public static class HumanDuration
{
    public static string Format(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        // Clocks of two machines differ a little; more than that is an error worth showing.
        if (seconds < -1) return "<invalid>";
        if (seconds < 0) return "0s";
        if (seconds < 120) return One(seconds, 's');

        var minutes = seconds / 60;
        if (minutes < 10) return Two(minutes, 'm', seconds % 60, 's');
        if (minutes < 180) return One(minutes, 'm');

        var hours = minutes / 60;
        if (hours < 8) return Two(hours, 'h', minutes % 60, 'm');
        if (hours < 48) return One(hours, 'h');

        var days = hours / 24;
        if (days < 8) return Two(days, 'd', hours % 24, 'h');
        if (days < 365 * 2) return One(days, 'd');
        return days < 365 * 8 ? Two(days / 365, 'y', days % 365, 'd') : One(days / 365, 'y');
    }

    private static string One(long value, char unit) => string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");

    private static string Two(long value, char unit, long rest, char restUnit) =>
        rest == 0 ? One(value, unit) : string.Create(CultureInfo.InvariantCulture, $"{value}{unit}{rest}{restUnit}");
}
