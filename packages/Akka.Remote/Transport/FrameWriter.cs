using System.Diagnostics;
using Akka.Actor;
using Akka.Remote.Serialization;

namespace Akka.Remote.Transport;

/// <summary>Writes frames to the connections with one peer. Used by one task at a time.</summary>
/// <param name="closeIfSilent">Closes the connections when the peer has not been heard for too long.</param>
internal sealed class FrameWriter(RemoteTransport transport, Address remote, Func<bool> closeIfSilent)
{
    private const int FlushThreshold = 64 * 1024;

    private readonly PayloadWriter _header = new();

    /// <summary>Serializes a message and writes it, without flushing. One that cannot be sent is dropped and told of.</summary>
    /// <param name="sequence">The number of a system message.</param>
    public async ValueTask WriteMessageAsync(RemoteConnection connection, OutboundMessage message, ulong? sequence)
    {
        var fault = transport.Faults.Send(remote);
        if (fault is { Blackhole: true } || !transport.TrySerialize(message, out var serialized))
            return;
        var room = 64 + 2 * (serialized.Recipient.Length * 3 + (serialized.Sender?.Length ?? 0) * 3 + serialized.Manifest.Length * 3);
        if (serialized.Payload.Length + room > transport.Settings.MaximumFrameSize)
        {
            transport.OnOversized(message, serialized);
            return;
        }

        if (fault is not null)
            await Task.Delay(fault.DelayFor(serialized.Payload.Length + room, FaultClock()), connection.Closed).ConfigureAwait(false);
        EncodeHeader(connection, serialized, sequence);
        FrameCodec.Write(connection.Output, _header.Written, serialized.Payload);
    }

    /// <summary>Writes a frame of a kind and perhaps a number, at once.</summary>
    public async ValueTask WriteBareAsync(RemoteConnection connection, FrameKind kind, ulong? number = null)
    {
        if (transport.Faults.Send(remote) is { Blackhole: true })
            return;
        _header.Clear();
        _header.WriteByte((byte)kind);
        if (number is { } value)
            _header.WriteVarUInt64(value);
        FrameCodec.Write(connection.Output, _header.Written, default);
        await FlushAsync(connection).ConfigureAwait(false);
    }

    /// <summary>Sends what was written once it is worth it.</summary>
    public ValueTask FlushIfManyAsync(RemoteConnection connection) =>
        !transport.Settings.BatchWrites || connection.Output.UnflushedBytes >= FlushThreshold ? FlushAsync(connection) : default;

    /// <summary>Sends what was written.</summary>
    public ValueTask FlushAsync(RemoteConnection connection)
    {
        if (connection.Output.UnflushedBytes == 0)
            return default;
        var flush = connection.Output.FlushAsync(connection.Closed);
        if (!flush.IsCompletedSuccessfully)
            return FlushSlowlyAsync(flush.AsTask());
        _ = flush.Result;
        return default;
    }

    internal static double FaultClock() => Stopwatch.GetElapsedTime(0).TotalSeconds;

    /// <summary>A peer that reads nothing and says nothing would hold the writer for as long as TCP goes on trying.</summary>
    private async ValueTask FlushSlowlyAsync(Task flush)
    {
        while (await Task.WhenAny(flush, Task.Delay(transport.Settings.TransportHeartbeatInterval)).ConfigureAwait(false) != flush)
            closeIfSilent();
        await flush.ConfigureAwait(false);
    }

    private void EncodeHeader(RemoteConnection connection, SerializedMessage message, ulong? sequence)
    {
        _header.Clear();
        _header.WriteByte((byte)(sequence is null ? FrameKind.Message : FrameKind.SystemMessage));
        if (sequence is { } number)
            _header.WriteVarUInt64(number);
        var strings = connection.OutboundStrings;
        strings.Write(_header, message.Recipient, !IsTemporary(message.Recipient));
        strings.Write(_header, message.Sender, message.Sender is not null && !IsTemporary(message.Sender));
        _header.WriteVarInt32(message.SerializerId);
        strings.Write(_header, message.Manifest, remember: true);
    }

    private static bool IsTemporary(string path) => path.Contains("/temp/", StringComparison.Ordinal);
}
