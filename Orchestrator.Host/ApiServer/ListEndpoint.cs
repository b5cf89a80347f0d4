using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Host.ApiServer;

/// <summary>GET of a collection: the stored bytes, one behind the other.</summary>
public sealed class ListEndpoint(ConsistentReads reads, Representations representations)
{
    /// <summary>What may gather before the client has to take some of it (bytes).</summary>
    private const int FlushEvery = 64 * 1024;

    /// <summary>Most objects that are read ahead of a limit where no webhook is asked (count).</summary>
    private const int ReadAtOnce = 50;

    private const string Inconsistent =
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
        "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with " +
        "the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first " +
        "chunk was returned and now may show up in the list.";

    /// <summary>Kept for as long as the run of objects itself.</summary>
    private static readonly ConditionalWeakTable<StoredObject[], CompressedPart> Compressed = [];

    public async Task HandleAsync(HttpContext context, RequestInfo request, ResourceSchema schema)
    {
        var format = Negotiation.Choose(context.Request.Headers.Accept.ToString(), f => Representations.Offers(f, schema, list: true));
        if (format is null)
        {
            await StatusWriter.WriteAsync(context, Representations.NotAcceptable).ConfigureAwait(false);
            return;
        }
        var (options, error) = ListOptions.Read(schema, request, context.Request.Query);
        if (options is null)
        {
            await StatusWriter.WriteAsync(context, error!).ConfigureAwait(false);
            return;
        }
        var start = await FindStartAsync(schema, options, context.RequestAborted).ConfigureAwait(false);
        if (start.Error is not null)
        {
            await StatusWriter.WriteAsync(context, start.Error, start.ContinueWith).ConfigureAwait(false);
            return;
        }
        var (page, unconverted) = !ObjectConversion.IsReadAnew(schema)
            ? (Select(start, request.Namespace, options), null)
            : await SelectShownAsync(schema, start, request.Namespace, options, context.RequestAborted).ConfigureAwait(false);
        if (unconverted is not null)
        {
            await StatusWriter.WriteAsync(context, unconverted).ConfigureAwait(false);
            return;
        }
        if (page.Continue.Length > 0) reads.Snapshots.Keep(schema.StoredAs, start.Index!);
        await WriteAsync(context, schema, format, page).ConfigureAwait(false);
    }

    private async ValueTask<Start> FindStartAsync(ResourceSchema schema, ListOptions options, CancellationToken cancellationToken)
    {
        if (options.Continue.Length > 0) return await ResumeAsync(schema, options, cancellationToken).ConfigureAwait(false);
        if (options.AsOf is { } time)
        {
            var (revision, forgotten) = await reads.RevisionAtAsync(schema.StoredAs, time, cancellationToken).ConfigureAwait(false);
            if (forgotten is not null) return new Start(null, null, forgotten);
            var (then, gone) = await reads.ExactlyAsync(schema.StoredAs, revision, cancellationToken).ConfigureAwait(false);
            return new Start(then, null, gone);
        }
        var exact = options.Match == "Exact" || (options.Match.Length == 0 && options.Limit > 0 && options.Revision > 0);
        if (exact)
        {
            var (index, refused) = await reads.ExactlyAsync(schema.StoredAs, options.Revision!.Value, cancellationToken).ConfigureAwait(false);
            return new Start(index, null, refused);
        }
        var (informer, error) = await reads.AtLeastAsync(schema.StoredAs, options.Revision, cancellationToken).ConfigureAwait(false);
        return new Start(informer?.Objects, null, error);
    }

    private async ValueTask<Start> ResumeAsync(ResourceSchema schema, ListOptions options, CancellationToken cancellationToken)
    {
        if (options.ResourceVersion is not ("" or "0")) return new Start(null, null, ApiError.BadRequest("specifying resource version is not allowed when using continue"));
        var (token, error) = ContinueToken.Parse(options.Continue);
        if (error is not null) return new Start(null, null, error);
        if (token.Revision < 0)
        {
            var informer = await reads.Registries.ConsistentAsync(schema.StoredAs, cancellationToken).ConfigureAwait(false);
            return new Start(informer.Objects, token.Last, null);
        }
        var (index, gone) = await reads.ExactlyAsync(schema.StoredAs, token.Revision, cancellationToken).ConfigureAwait(false);
        if (index is not null) return new Start(index, token.Last, null);
        return gone!.Code == 410
            ? new Start(null, null, ApiError.Expired(Inconsistent)) { ContinueWith = (token with { Revision = -1 }).ToString() }
            : new Start(null, null, gone);
    }

    private static Page Select(Start start, string ns, ListOptions options)
    {
        var index = start.Index!;
        var selection = options.Selection;
        var objects = new List<StoredObject>();
        if (ns.Length > 0 && selection.Fields.Name is { } name)
        {
            if (index.Get(new ObjectKey(ns, name)) is { } only && selection.Matches(only)) objects.Add(only);
            return new Page(index.Revision, objects, "", null);
        }
        var all = selection.IsEverything;
        if (all && options.Limit == 0 && start.After is null)
        {
            // Nothing is left out, so what was made of whole runs of objects serves.
            objects.AddRange(ns.Length == 0 ? index.EnumerateFrom() : index.InNamespace(ns));
            return new Page(index.Revision, objects, "", null) { Whole = index };
        }
        using var source = Source(index, ns, start.After).GetEnumerator();
        while (source.MoveNext())
        {
            var o = source.Current;
            if (!all && !selection.Matches(o)) continue;
            if (options.Limit == 0 || objects.Count < options.Limit)
            {
                objects.Add(o);
                continue;
            }
            // There is at least one more. How many is told only where it needs no matching, as in Kubernetes.
            return new Page(index.Revision, objects, new ContinueToken(index.Revision, objects[^1].Key).ToString(), all ? index.CountBehind(ns, objects[^1].Key) : null);
        }
        return new Page(index.Revision, objects, "", null);
    }

    /// <summary>What is read anew is selected as the client sees it: defaults count, and of what a webhook converts labels and fields may be others.</summary>
    private async ValueTask<(Page Page, ApiError? Error)> SelectShownAsync(
        ResourceSchema schema, Start start, string ns, ListOptions options, CancellationToken cancellationToken)
    {
        var index = start.Index!;
        var selection = options.Selection;
        var objects = new List<StoredObject>();
        foreach (var batch in Source(index, ns, start.After).Where(o => selection.Fields.Name is not { } name || o.Key.Name == name).Chunk(schema.Conversion is null ? ReadAtOnce : CustomResourceConverter.BatchMax))
        {
            var (shown, error) = await representations.ShowAsync(schema, batch, cancellationToken).ConfigureAwait(false);
            if (error is not null) return (default, error);
            foreach (var o in shown)
            {
                if (!selection.Matches(o)) continue;
                if (options.Limit > 0 && objects.Count == options.Limit)
                    return (new Page(index.Revision, objects, new ContinueToken(index.Revision, objects[^1].Key).ToString(), selection.IsEverything ? index.CountBehind(ns, objects[^1].Key) : null), null);
                objects.Add(o);
            }
        }
        return (new Page(index.Revision, objects, "", null), null);
    }

    private static IEnumerable<StoredObject> Source(ObjectIndex index, string ns, ObjectKey? after)
    {
        if (ns.Length == 0) return index.EnumerateFrom(after);
        return index.InNamespace(ns, after is { } key && key.Namespace == ns ? key.Name : null);
    }

    private async Task WriteAsync(HttpContext context, ResourceSchema schema, MediaFormat format, Page page)
    {
        var meta = new TableListMeta(page.Revision.ToString(CultureInfo.InvariantCulture), page.Continue, page.Remaining);
        if (format.Projection != Projection.None || format.Encoding != MediaEncoding.Json || format.Pretty || PrettyPrint.IsWanted(context.Request)
            || ResponseWriter.RecordOf(context) is not null)
        {
            await representations.WriteShownListAsync(context, schema, format, page.Objects, meta).ConfigureAwait(false);
            return;
        }
        var head = Head(schema, meta);
        var convert = !schema.IsCustom && !ObjectConversion.IsStorage(schema);
        long length = head.Length + 2 + Math.Max(0, page.Objects.Count - 1);
        if (!convert)
            foreach (var o in page.Objects) length += o.Length;

        var response = context.Response;
        response.ContentType = MediaFormat.JsonType;
        response.Headers.CacheControl = "no-cache, private";
        var compress = length >= 128 * 1024 && ResponseWriter.AcceptsGzip(context);
        if (compress)
        {
            response.Headers.ContentEncoding = "gzip";
            response.Headers.Vary = "Accept-Encoding";
        }
        else if (!convert) response.ContentLength = length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (!compress)
        {
            await WriteItemsAsync(response.BodyWriter, schema, head, page.Objects, convert, context.RequestAborted).ConfigureAwait(false);
            return;
        }
        if (page.Whole is { } whole && !convert && schema.Conversion is null)
        {
            var assembly = Assemble(whole, page.Objects, head.Span);
            response.ContentLength = assembly.Finish();
            await assembly.WriteAsync(response.BodyWriter, FlushEvery, context.RequestAborted).ConfigureAwait(false);
            return;
        }
        await using var gzip = new GZipStream(response.BodyWriter.AsStream(leaveOpen: true), CompressionLevel.Fastest);
        var writer = PipeWriter.Create(gzip, new StreamPipeWriterOptions(leaveOpen: true, minimumBufferSize: FlushEvery));
        await WriteItemsAsync(writer, schema, head, page.Objects, convert, context.RequestAborted).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>The compressed list: runs of objects that are wholly in it are compressed once for all readers.</summary>
    private static GzipAssembly Assemble(ObjectIndex whole, List<StoredObject> objects, ReadOnlySpan<byte> head)
    {
        var assembly = new GzipAssembly();
        assembly.AddStored(head);
        var next = 0;
        foreach (var chunk in whole.Chunks)
        {
            if (next == objects.Count) break;
            var count = 0;
            foreach (var o in chunk)
                if (next + count < objects.Count && ReferenceEquals(o, objects[next + count])) count++;
            if (count == 0) continue;
            if (next > 0) assembly.AddStored(","u8);
            var run = objects.GetRange(next, count);
            assembly.Add(count == chunk.Length ? Compressed.GetValue(chunk, static c => Compress(c)) : Compress(run));
            next += count;
        }
        assembly.AddStored("]}"u8);
        return assembly;
    }

    private static CompressedPart Compress(IReadOnlyList<StoredObject> run) => CompressedPart.Of(stream =>
    {
        for (var i = 0; i < run.Count; i++)
        {
            if (i > 0) stream.Write(","u8);
            stream.Write(run[i].Json.Span);
        }
    });

    private static async Task WriteItemsAsync(
        PipeWriter writer, ResourceSchema schema, ReadOnlyMemory<byte> head, List<StoredObject> objects, bool convert, CancellationToken cancellationToken)
    {
        writer.Write(head.Span);
        var gathered = 0;
        for (var i = 0; i < objects.Count; i++)
        {
            if (i > 0) writer.Write(","u8);
            if (convert) writer.Write(ObjectConversion.Bytes(schema, objects[i]).Span);
            else objects[i].WriteTo(writer);
            gathered += objects[i].Length;
            if (gathered < FlushEvery) continue;
            gathered = 0;
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        writer.Write("]}"u8);
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All of a list up to the first item.</summary>
    internal static ReadOnlyMemory<byte> Head(ResourceSchema schema, in TableListMeta meta)
    {
        var text = new StringBuilder(128);
        text.Append("{\"kind\":\"").Append(schema.ListKind).Append("\",\"apiVersion\":\"").Append(schema.ApiVersion)
            .Append("\",\"metadata\":{\"resourceVersion\":\"").Append(meta.ResourceVersion).Append('"');
        if (meta.Continue.Length > 0) text.Append(",\"continue\":\"").Append(meta.Continue).Append('"');
        if (meta.RemainingItems is { } remaining) text.Append(",\"remainingItemCount\":").Append(remaining.ToString(CultureInfo.InvariantCulture));
        return Encoding.UTF8.GetBytes(text.Append("},\"items\":[").ToString());
    }

    private readonly record struct Start(ObjectIndex? Index, ObjectKey? After, ApiError? Error)
    {
        public string ContinueWith { get; init; } = "";
    }

    private readonly record struct Page(long Revision, List<StoredObject> Objects, string Continue, long? Remaining)
    {
        /// <summary>Where the objects come from, when none of them, or none of their namespace, was left out.</summary>
        public ObjectIndex? Whole { get; init; }
    }
}
