using System.Globalization;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>The query of a list or a watch.</summary>
/// <remarks>Source: k8s.io/apimachinery, meta/internalversion/validation.</remarks>
public sealed record ListOptions
{
    public required Selection Selection { get; init; }

    /// <summary>As given; empty when not.</summary>
    public string ResourceVersion { get; init; } = "";

    /// <summary>The number in <see cref="ResourceVersion"/>; null when none was given.</summary>
    public long? Revision { get; init; }

    /// <summary>Exact, NotOlderThan or empty.</summary>
    public string Match { get; init; } = "";

    /// <summary>The state at this time is wanted: <c>asOf</c>, which Kubernetes does not have.</summary>
    public DateTimeOffset? AsOf { get; init; }

    /// <summary>Most objects of one answer; 0 for all.</summary>
    public long Limit { get; init; }

    public string Continue { get; init; } = "";
    public bool AllowBookmarks { get; init; }
    public bool? SendInitialEvents { get; init; }

    /// <summary>When a watch is to end; null or 0 leaves it to the server.</summary>
    public int? TimeoutSeconds { get; init; }

    public static (ListOptions? Options, ApiError? Error) Read(ResourceSchema schema, RequestInfo request, IQueryCollection query)
    {
        var (selection, error) = Selection.Read(schema, query["labelSelector"].ToString(), query["fieldSelector"].ToString());
        if (selection is null) return (null, error);
        if (request.Name.Length > 0)
        {
            if (selection.Fields.Name is { } other && other != request.Name)
                return (null, ApiError.BadRequest("both a name and a field selector that does not match it were given"));
            selection = selection with { Name = request.Name };
        }
        var version = query["resourceVersion"].ToString();
        long? revision = null;
        if (version.Length > 0)
        {
            if (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return (null, InvalidVersion(version));
            revision = number;
        }
        if (!TryTime(query, "asOf", out var asOf, out error)) return (null, error);
        if (asOf is not null && (version.Length > 0 || request.Verb == "watch")) return (null, ApiError.BadRequest("asOf goes neither with resourceVersion nor with watch"));
        if (!TryInt(query, "limit", out var limit, out error) || !TryInt(query, "timeoutSeconds", out var timeout, out error)) return (null, error);
        var options = new ListOptions
        {
            Selection = selection,
            ResourceVersion = version,
            Revision = revision,
            Match = query["resourceVersionMatch"].ToString(),
            AsOf = asOf,
            Limit = Math.Max(0, limit ?? 0),
            Continue = query["continue"].ToString(),
            AllowBookmarks = Flag(query, "allowWatchBookmarks") == true,
            SendInitialEvents = Flag(query, "sendInitialEvents"),
            TimeoutSeconds = timeout is null ? null : (int)Math.Clamp(timeout.Value, 0, int.MaxValue),
        };
        var faults = new FaultList();
        if (request.Verb == "watch") options.ValidateWatch(faults);
        else options.ValidateList(faults);
        return faults.ToError("meta.k8s.io", "ListOptions", "") is { } invalid ? (null, invalid) : (options, null);
    }

    /// <summary>A flag of a query as Go's converter reads one: absent is null, empty is true.</summary>
    public static bool? Flag(IQueryCollection query, string name)
    {
        if (!query.TryGetValue(name, out var values)) return null;
        return IsTrue(values.Count > 0 ? values[0] : "false");
    }

    /// <summary>Whether a flag that was sent is set. Source: k8s.io/apimachinery, Convert_Slice_string_To_bool.</summary>
    public static bool IsTrue(string? value) => value != "0" && !string.Equals(value, "false", StringComparison.OrdinalIgnoreCase);

    public static ApiError InvalidVersion(string version) =>
        ApiError.Invalid("", "", "", []) with
        {
            Code = 400,
            Reason = "BadRequest",
            Kind = "",
            Message = $"resourceVersion: Invalid value: {GoQuote.Quote(version)}: strconv.ParseUint: parsing {GoQuote.Quote(version)}: invalid syntax",
        };

    /// <summary>A number of a query; absent or empty is null, and anything else but a number is refused in Go's words.</summary>
    public static bool TryInt(IQueryCollection query, string name, out long? value, out ApiError? error)
    {
        value = null;
        error = null;
        var text = query[name].ToString();
        if (text.Length == 0) return true;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            value = number;
            return true;
        }
        error = ApiError.BadRequest($"strconv.ParseInt: parsing {GoQuote.Quote(text)}: invalid syntax");
        return false;
    }

    /// <summary>A time of a query; absent or empty is null, and anything but an RFC 3339 time is refused.</summary>
    public static bool TryTime(IQueryCollection query, string name, out DateTimeOffset? value, out ApiError? error)
    {
        value = null;
        error = null;
        var text = query[name].ToString();
        if (text.Length == 0) return true;
        if (Rfc3339.TryParse(text, out var time)) value = time;
        else error = ApiError.BadRequest($"invalid {name}: {Rfc3339.Explain(text, micros: false)}");
        return error is null;
    }

    private void ValidateList(FaultList faults)
    {
        var match = FieldPath.Of("resourceVersionMatch");
        if (Match.Length > 0)
        {
            if (ResourceVersion.Length == 0) faults.Forbidden(match, "resourceVersionMatch is forbidden unless resourceVersion is provided");
            if (Continue.Length > 0) faults.Forbidden(match, "resourceVersionMatch is forbidden when continue is provided");
            if (Match is not ("Exact" or "NotOlderThan")) faults.NotSupported(match, Match, ["Exact", "NotOlderThan", ""]);
            if (Match == "Exact" && ResourceVersion == "0") faults.Forbidden(match, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
        if (SendInitialEvents is not null) faults.Forbidden(FieldPath.Of("sendInitialEvents"), "sendInitialEvents is forbidden for list");
    }

    private void ValidateWatch(FaultList faults)
    {
        var match = FieldPath.Of("resourceVersionMatch");
        if (SendInitialEvents is not null && Match != "NotOlderThan")
            faults.Forbidden(match, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        if (Match.Length == 0) return;
        if (SendInitialEvents is null) faults.Forbidden(match, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        if (Match != "NotOlderThan") faults.NotSupported(match, Match, ["NotOlderThan"]);
        if (Continue.Length > 0) faults.Forbidden(match, "resourceVersionMatch is forbidden when continue is provided");
    }
}
