using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

public sealed class GzipAssemblyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(40)]
    public async Task Parts_BecomeOneStreamThatAnyReaderTakes(int parts)
    {
        var random = new Random(parts);
        var plain = new MemoryStream();
        var assembly = new GzipAssembly();
        Store("[");
        for (var i = 0; i < parts; i++)
        {
            var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"{{\"number\":{random.Next()}}}", random.Next(0, 3000))));
            assembly.Add(CompressedPart.Of(s => s.Write(text)));
            plain.Write(text);
            Store(",");
        }
        Store("]");
        var length = assembly.Finish();

        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await assembly.WriteAsync(pipe.Writer, 1024, default);
        await pipe.Writer.CompleteAsync();
        var written = new MemoryStream();
        await pipe.Reader.CopyToAsync(written);
        Assert.Equal(length, written.Length);
        written.Position = 0;
        var read = new MemoryStream();
        await using (var gzip = new GZipStream(written, CompressionMode.Decompress, leaveOpen: true)) await gzip.CopyToAsync(read);
        Assert.Equal(plain.ToArray(), read.ToArray());

        void Store(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            assembly.AddStored(bytes);
            plain.Write(bytes);
        }
    }
}
