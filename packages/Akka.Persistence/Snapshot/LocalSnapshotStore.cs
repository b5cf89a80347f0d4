using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Persistence.Snapshot;

/// <summary>Keeps each snapshot in a file of a directory. For development on one machine.</summary>
/// <remarks>
/// The file is written beside its name and renamed, so a crash never leaves half a snapshot. Its first two lines are the
/// serializer's id and the manifest; the serialized snapshot follows.
/// </remarks>
public class LocalSnapshotStore : SnapshotStore
{
    private const string Prefix = "snapshot-";

    private readonly string _directory;
    private readonly int _loadAttemptsMax;
    private readonly ExtendedActorSystem _system;
    private readonly ILoggingAdapter _log;

    /// <summary>Reads the plugin's configuration.</summary>
    public LocalSnapshotStore(Config config)
    {
        _system = (ExtendedActorSystem)Context.System;
        _log = Logging.GetLogger(Context);
        _directory = config.GetString("dir", "snapshots");
        _loadAttemptsMax = Math.Max(1, config.GetInt("max-load-attempts", 3));
    }

    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) => Task.Run(() =>
    {
        var candidates = Existing(persistenceId).Where(criteria.IsMatch).OrderByDescending(m => m.SequenceNr).Take(_loadAttemptsMax).ToList();
        foreach (var metadata in candidates)
        {
            try
            {
                return new SelectedSnapshot(metadata, Read(PathOf(metadata)));
            }
            catch (Exception e) when (candidates[^1] != metadata)
            {
                _log.Error(e, "Error loading snapshot [{0}], trying the one before it", metadata);
            }
        }
        return null!;
    });

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot) => Task.Run(() =>
    {
        var serializer = _system.Serialization.FindSerializerFor(snapshot);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, snapshot);
        Directory.CreateDirectory(_directory);
        var path = PathOf(metadata);
        var temporary = path + ".tmp";
        using (var file = File.Create(temporary))
        {
            file.Write(Encoding.UTF8.GetBytes($"{serializer.Identifier}\n{manifest}\n"));
            file.Write(serializer.ToBinary(snapshot));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    });

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata) => Task.Run(() =>
    {
        foreach (var m in Existing(metadata.PersistenceId).Where(m => m.SequenceNr == metadata.SequenceNr)) File.Delete(PathOf(m));
    });

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) => Task.Run(() =>
    {
        foreach (var m in Existing(persistenceId).Where(criteria.IsMatch)) File.Delete(PathOf(m));
    });

    private object Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var first = Array.IndexOf(bytes, (byte)'\n');
        var second = Array.IndexOf(bytes, (byte)'\n', first + 1);
        var serializer = int.Parse(Encoding.UTF8.GetString(bytes, 0, first), CultureInfo.InvariantCulture);
        return _system.Serialization.Deserialize(bytes[(second + 1)..], serializer, Encoding.UTF8.GetString(bytes, first + 1, second - first - 1));
    }

    private string PathOf(SnapshotMetadata m) =>
        Path.Combine(_directory, $"{Prefix}{Uri.EscapeDataString(m.PersistenceId)}-{m.SequenceNr}-{m.Timestamp.Ticks}");

    private IEnumerable<SnapshotMetadata> Existing(string persistenceId)
    {
        if (!Directory.Exists(_directory)) return [];
        var start = $"{Prefix}{Uri.EscapeDataString(persistenceId)}-";
        return Directory.EnumerateFiles(_directory, start + "*")
            .Select(f => Path.GetFileName(f)[start.Length..].Split('-'))
            .Where(parts => parts.Length == 2)
            .Select(parts => (Number: Parse(parts[0]), Ticks: Parse(parts[1])))
            .Where(p => p is { Number: not null, Ticks: not null })
            .Select(p => new SnapshotMetadata(persistenceId, p.Number!.Value, new DateTime(p.Ticks!.Value, DateTimeKind.Utc)))
            .ToList();
    }

    private static long? Parse(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
