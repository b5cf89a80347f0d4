using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Host.ApiServer.Configuration;

/// <summary>How often a configuration file was read again, for the metrics of the server.</summary>
/// <remarks>Source of the names: k8s.io/apiserver, pkg/server/options/authenticationconfig/metrics and authorizationconfig/metrics.</remarks>
/// <param name="name">What the file configures: authentication or authorization.</param>
/// <param name="server">Tells the servers of a cluster apart; its digest is told.</param>
public sealed class ReloadCounts(string name, string server)
{
    private readonly string _digest = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(server)))}";
    private readonly Lock _gate = new();
    private (long Count, DateTimeOffset Last) _succeeded, _failed;

    /// <summary>The file was read and is in use.</summary>
    public long Succeeded
    {
        get
        {
            lock (_gate) return _succeeded.Count;
        }
    }

    /// <summary>The file could not be used, and what was before still is.</summary>
    public long Failed
    {
        get
        {
            lock (_gate) return _failed.Count;
        }
    }

    public void Add(bool success, DateTimeOffset at)
    {
        lock (_gate)
        {
            if (success) _succeeded = (_succeeded.Count + 1, at);
            else _failed = (_failed.Count + 1, at);
        }
    }

    /// <summary>Writes the text form of Prometheus; what never was is left out.</summary>
    public void WriteTo(StringBuilder text)
    {
        (string Status, long Count, DateTimeOffset Last)[] series;
        lock (_gate) series = [("failure", _failed.Count, _failed.Last), ("success", _succeeded.Count, _succeeded.Last)];
        if (series.All(static s => s.Count == 0)) return;
        var prefix = $"apiserver_{name}_config_controller_automatic_reload";
        text.Append(CultureInfo.InvariantCulture, $"# HELP {prefix}s_total Total number of automatic reloads of {name} configuration split by status and apiserver identity.\n# TYPE {prefix}s_total counter\n");
        foreach (var (status, count, _) in series)
            if (count > 0) text.Append(CultureInfo.InvariantCulture, $"{prefix}s_total{{apiserver_id_hash=\"{_digest}\",status=\"{status}\"}} {count}\n");
        text.Append(CultureInfo.InvariantCulture, $"# HELP {prefix}_last_timestamp_seconds Timestamp of the last automatic reload of {name} configuration split by status and apiserver identity.\n# TYPE {prefix}_last_timestamp_seconds gauge\n");
        foreach (var (status, count, last) in series)
            if (count > 0) text.Append(CultureInfo.InvariantCulture, $"{prefix}_last_timestamp_seconds{{apiserver_id_hash=\"{_digest}\",status=\"{status}\"}} {last.ToUnixTimeMilliseconds() / 1000.0:0.###}\n");
    }
}
