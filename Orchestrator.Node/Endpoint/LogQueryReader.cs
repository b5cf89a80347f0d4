using System.Globalization;
using Microsoft.AspNetCore.Http;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>Reads the query of a log request, whose fields are those of PodLogOptions.</summary>
public static class LogQueryReader
{
    public static LogQuery Read(IQueryCollection query)
    {
        DateTimeOffset? since = DateTimeOffset.TryParse(query["sinceTime"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
        if (Number(query, "sinceSeconds") is { } seconds) since = TimeProvider.System.GetUtcNow() - JsonFields.Seconds(seconds);
        return new LogQuery
        {
            Follow = (string?)query["follow"] is "true" or "1",
            Timestamps = (string?)query["timestamps"] is "true" or "1",
            TailLines = Number(query, "tailLines"),
            LimitBytes = Number(query, "limitBytes"),
            Since = since,
        };
    }

    private static long? Number(IQueryCollection query, string name) =>
        long.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
