using System.Globalization;
using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class ObjectPackerTests
{
    [Fact]
    public void ObjectsOfOneShape_BecomeATenth_AndReadTheSame()
    {
        var packer = new ObjectPacker();
        var random = new Random(1);
        var objects = Enumerable.Range(0, 500).Select(n => Pod(n, random)).ToList();
        var before = objects.ConvertAll(static o => o.ToArray());
        var metas = objects.ConvertAll(static o => o.Meta);
        foreach (var o in objects) packer.Pack(o);
        var packed = 0;
        for (var i = 0; i < objects.Count; i++)
        {
            Assert.True(objects[i].Json.Span.SequenceEqual(before[i]));
            Assert.Equal(before[i].Length, objects[i].Length);
            var written = new System.Buffers.ArrayBufferWriter<byte>();
            objects[i].WriteTo(written);
            Assert.True(written.WrittenSpan.SequenceEqual(before[i]));
            Assert.Equal(metas[i] with { Labels = objects[i].Meta.Labels, Annotations = objects[i].Meta.Annotations }, objects[i].Meta);
            Assert.Equal(metas[i].Labels, objects[i].Meta.Labels);
            if (objects[i].IsPacked) packed++;
        }
        Assert.Equal(objects.Count, packed);
        Assert.Same(objects[^1].Meta.Labels, objects[^2].Meta.Labels);
        var dictionary = PackingDictionary.Empty.With(before[0]);
        Assert.True(before.Skip(1).All(j => dictionary.Pack(j)!.Length < j.Length / 10));
    }

    [Fact]
    public void WhatHasNothingInCommon_StaysAsItIs()
    {
        var random = new Random(2);
        var packer = new ObjectPacker();
        for (var n = 0; n < 200; n++)
        {
            var o = Object($"o-{n}", Convert.ToBase64String(Bytes(random, 600)));
            var before = o.ToArray();
            packer.Pack(o);
            Assert.True(o.Json.Span.SequenceEqual(before));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AnyText_ComesBackWhole(int seed)
    {
        var random = new Random(seed);
        var dictionary = PackingDictionary.Empty;
        for (var n = 0; n < 3000; n++)
        {
            var text = Text(random);
            if (dictionary.Pack(text) is { } packed)
            {
                var back = new byte[text.Length];
                dictionary.Unpack(packed, back);
                Assert.Equal(text, back);
                Assert.True(packed.Length <= text.Length * 3 / 4);
            }
            if (n % 7 == 0) dictionary = dictionary.With(text);
        }
    }

    // Few letters and repeated pieces: runs that overlap themselves, copies that reach the end, and texts shorter than any copy.
    private static byte[] Text(Random random)
    {
        var text = new List<byte>();
        var length = random.Next(0, random.Next(4) == 0 ? 40_000 : 400);
        while (text.Count < length)
        {
            if (text.Count > 10 && random.Next(3) > 0)
            {
                var from = random.Next(text.Count);
                for (var left = random.Next(1, 60); left > 0; left--) text.Add(text[from++]);
            }
            else text.AddRange(Bytes(random, random.Next(1, 12)).Select(static b => (byte)('a' + (b % 5))));
        }
        return [.. text];
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static StoredObject Pod(int n, Random random) => Object(string.Create(CultureInfo.InvariantCulture, $"web-{n:D5}"),
        Convert.ToHexString(Bytes(random, 16)) + string.Concat(Enumerable.Range(0, 40).Select(static i => $"\\\"field-{i}\\\":{{\\\"f:value\\\":{i}}},")));

    private static StoredObject Object(string name, string data) => new(new ObjectKey("default", name), 7, Encoding.UTF8.GetBytes(
        $$"""{"metadata":{"resourceVersion":"7","name":"{{name}}","namespace":"default","labels":{"app":"web","tier":"front"},"annotations":{"a":"b"},"uid":"{{Guid.Empty}}"},"data":{"k":"{{data}}"} }"""));
}
