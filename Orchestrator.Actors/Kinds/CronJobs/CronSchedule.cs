using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>When a cron job runs: five fields of bits, or a fixed distance.</summary>
/// <remarks>The format, and the words about what is wrong with it, are those of github.com/robfig/cron v3, ParseStandard.</remarks>
/// <param name="Minutes">Bit n is set when minute n is meant; likewise for the others.</param>
/// <param name="AnyDayOfMonth">The day of the month was a star: then the day of the week alone decides, and the other way round.</param>
/// <param name="Every">For <c>@every</c>: the distance; the bits are 0 then.</param>
public sealed record CronSchedule(
    ulong Minutes, ulong Hours, ulong DaysOfMonth, ulong Months, ulong DaysOfWeek, bool AnyDayOfMonth, bool AnyDayOfWeek, TimeSpan? Every)
{
    private static readonly (int Min, int Max, ImmutableArray<string> Names)[] Fields =
    [
        (0, 59, []),
        (0, 23, []),
        (1, 31, []),
        (1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ];

    /// <summary>Reads a schedule; <paramref name="fault"/> tells why it is none.</summary>
    public static CronSchedule? Parse(string text, out string? fault)
    {
        fault = null;
        if (text.Length == 0)
        {
            fault = "empty spec string";
            return null;
        }
        foreach (var prefix in (ReadOnlySpan<string>)["TZ=", "CRON_TZ="])
        {
            if (!text.StartsWith(prefix, StringComparison.Ordinal)) continue;
            var blank = text.IndexOf(' ', StringComparison.Ordinal);
            var zone = blank < 0 ? text[prefix.Length..] : text[prefix.Length..blank];
            if (!TimeZoneNames.Exists(zone))
            {
                fault = $"provided bad location {zone}: unknown time zone {zone}";
                return null;
            }
            text = blank < 0 ? "" : text[(blank + 1)..].Trim();
        }
        return text.StartsWith('@') ? ParseDescriptor(text, out fault) : ParseFields(text, out fault);
    }

    private static CronSchedule? ParseDescriptor(string text, out string? fault)
    {
        const string Distance = "@every ";
        if (text.StartsWith(Distance, StringComparison.Ordinal))
        {
            var every = GoDuration.Parse(text[Distance.Length..], out var wrong);
            fault = wrong is null ? null : $"failed to parse duration {text}: {wrong}";
            // Less than a second cannot be kept.
            return every is { } given ? new CronSchedule(0, 0, 0, 0, 0, false, false, given < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(Math.Floor(given.TotalSeconds))) : null;
        }
        var fields = text switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => null,
        };
        if (fields is not null) return ParseFields(fields, out fault);
        fault = $"unrecognized descriptor: {text}";
        return null;
    }

    private static CronSchedule? ParseFields(string text, out string? fault)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != Fields.Length)
        {
            fault = $"expected exactly {Fields.Length} fields, found {words.Length}: [{string.Join(' ', words)}]";
            return null;
        }
        Span<ulong> bits = stackalloc ulong[Fields.Length];
        Span<bool> any = stackalloc bool[Fields.Length];
        for (var i = 0; i < words.Length; i++)
        {
            foreach (var range in words[i].Split(','))
            {
                fault = ReadRange(range, Fields[i], ref bits[i], ref any[i]);
                if (fault is not null) return null;
            }
        }
        fault = null;
        return new CronSchedule(bits[0], bits[1], bits[2], bits[3], bits[4], any[2], any[4], null);
    }

    /// <summary>number | number-number | * | ? , each perhaps with a /step.</summary>
    private static string? ReadRange(string text, (int Min, int Max, ImmutableArray<string> Names) field, ref ulong bits, ref bool any)
    {
        var parts = text.Split('/');
        var ends = parts[0].Split('-');
        int start, end, step = 1;
        if (ends[0] is "*" or "?")
        {
            (start, end) = (field.Min, field.Max);
            if (parts.Length == 1 || parts[1] == "1") any = true;
        }
        else
        {
            if (ReadNumber(ends[0], field.Names, field.Min, out start) is { } first) return first;
            end = start;
            if (ends.Length > 2) return $"too many hyphens: {text}";
            if (ends.Length == 2 && ReadNumber(ends[1], field.Names, field.Min, out end) is { } second) return second;
        }
        if (parts.Length > 2) return $"too many slashes: {text}";
        if (parts.Length == 2)
        {
            if (ReadNumber(parts[1], [], 0, out step) is { } wrong) return wrong;
            // N/step means from N on.
            if (ends.Length == 1) end = field.Max;
        }
        if (start < field.Min) return $"beginning of range ({start}) below minimum ({field.Min}): {text}";
        if (end > field.Max) return $"end of range ({end}) above maximum ({field.Max}): {text}";
        if (start > end) return $"beginning of range ({start}) beyond end of range ({end}): {text}";
        if (step == 0) return $"step of range should be a positive number: {text}";
        for (long i = start; i <= end; i += step) bits |= 1UL << (int)i;
        return null;
    }

    private static string? ReadNumber(string text, ImmutableArray<string> names, int firstName, out int number)
    {
        var at = names.IndexOf(text.ToLowerInvariant());
        if (at >= 0)
        {
            number = at + firstName;
            return null;
        }
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number))
            return $"failed to parse int from {text}: strconv.Atoi: parsing {Resources.GoQuote.Quote(text)}: invalid syntax";
        return number < 0 ? $"negative number ({number}) not allowed: {text}" : null;
    }
}
