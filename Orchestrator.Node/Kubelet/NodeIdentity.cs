using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Kubelet;

/// <summary>A name of a node's data directory that no other one has, made once and kept in it.</summary>
/// <remarks>Several nodes, even of one name in different clusters, may share an engine; by this each knows its own containers.</remarks>
public static class NodeIdentity
{
    /// <exception cref="IOException">The directory cannot be read or written.</exception>
    public static string Of(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        var file = Path.Combine(dataDirectory, "identity");
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } known) return known;
        var identity = Guid.NewGuid().ToString("N");
        DurableFile.Replace(file, System.Text.Encoding.ASCII.GetBytes(identity));
        return identity;
    }
}
