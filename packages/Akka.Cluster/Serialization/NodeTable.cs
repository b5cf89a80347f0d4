using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Remote.Serialization;

namespace Akka.Cluster.Serialization;

/// <summary>
/// Members are named many times in a gossip; each is written once here, and by number elsewhere. Protocol, system and host
/// recur among the addresses, so these are written once, too.
/// </summary>
internal sealed class NodeTable
{
    private readonly List<UniqueAddress> _nodes = [];
    private readonly Dictionary<UniqueAddress, int> _numbers = [];

    public int Count => _nodes.Count;

    public UniqueAddress this[int number] => number >= 0 && number < _nodes.Count
        ? _nodes[number]
        : throw new SerializationException($"There is no member {number} in a table of {_nodes.Count}.");

    public int NumberOf(UniqueAddress node) => _numbers[node];

    public void Add(UniqueAddress node)
    {
        if (_numbers.TryAdd(node, _nodes.Count))
            _nodes.Add(node);
    }

    public void Write(PayloadWriter writer)
    {
        var texts = new List<string>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in _nodes.SelectMany(n => new[] { n.Address.Protocol, n.Address.System, n.Address.Host ?? "" }))
        {
            if (numbers.TryAdd(text, texts.Count))
                texts.Add(text);
        }

        writer.WriteVarInt32(texts.Count);
        foreach (var text in texts)
            writer.WriteString(text);
        writer.WriteVarInt32(_nodes.Count);
        foreach (var node in _nodes)
        {
            writer.WriteVarInt32(numbers[node.Address.Protocol]);
            writer.WriteVarInt32(numbers[node.Address.System]);
            writer.WriteVarInt32(numbers[node.Address.Host ?? ""]);
            writer.WriteVarInt32(node.Address.Port ?? 0);
            writer.WriteFixedInt32(node.Uid);
        }
    }

    public static NodeTable Read(ref PayloadReader reader)
    {
        var texts = new string[reader.ReadCount()];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = reader.ReadString();
        var table = new NodeTable();
        for (var left = reader.ReadCount(8); left > 0; left--)
        {
            var protocol = Text(texts, reader.ReadVarInt32());
            var system = Text(texts, reader.ReadVarInt32());
            var host = Text(texts, reader.ReadVarInt32());
            var port = reader.ReadVarInt32();
            if (port is < 0 or > 65535)
                throw new SerializationException($"{port} is no port.");
            var address = host.Length == 0 ? new Address(protocol, system) : new Address(protocol, system, host, port);
            table.Add(new UniqueAddress(address, reader.ReadFixedInt32()));
        }

        return table;
    }

    private static string Text(string[] texts, int number) => number >= 0 && number < texts.Length
        ? texts[number]
        : throw new SerializationException($"There is no text {number} in a table of {texts.Length}.");
}
