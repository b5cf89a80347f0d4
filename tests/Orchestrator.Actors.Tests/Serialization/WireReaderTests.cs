using System.Runtime.Serialization;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Tests.Serialization;

public sealed class WireReaderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Number_RoundTrips(long value)
    {
        var writer = new WireWriter();
        writer.Number(value);

        Assert.Equal(value, new WireReader(writer.ToArray()).Number());
    }

    [Fact]
    public void MixedValues_RoundTripInOrder()
    {
        var writer = new WireWriter();
        writer.Text("grüße");
        writer.Text(null);
        writer.Flag(true);
        writer.Bytes([1, 2, 3]);
        writer.Time(DateTimeOffset.UnixEpoch);
        writer.Number((long?)null);

        var reader = new WireReader(writer.ToArray());
        Assert.Equal("grüße", reader.Text());
        Assert.Null(reader.TextOrNull());
        Assert.True(reader.Flag());
        Assert.Equal([1, 2, 3], reader.Bytes().ToArray());
        Assert.Equal(DateTimeOffset.UnixEpoch, reader.Time());
        Assert.Null(reader.OptionalNumber());
    }

    [Fact]
    public void HugeLength_IsRefusedBeforeAnythingIsAllocated()
    {
        var writer = new WireWriter();
        writer.Number(int.MaxValue);
        var bytes = writer.ToArray();

        Assert.Throws<SerializationException>(() => new WireReader(bytes).Bytes());
        Assert.Throws<SerializationException>(() => new WireReader(bytes).Text());
        Assert.Throws<SerializationException>(() => new WireReader(bytes).Count());
    }

    [Fact]
    public void EveryPrefix_IsRefusedOrShorter_NeverACrash()
    {
        var writer = new WireWriter();
        writer.Text("abc");
        writer.Number(long.MinValue);
        var bytes = writer.ToArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            Assert.Throws<SerializationException>(() =>
            {
                var reader = new WireReader(cut);
                reader.Text();
                reader.Number();
            });
        }
    }
}
