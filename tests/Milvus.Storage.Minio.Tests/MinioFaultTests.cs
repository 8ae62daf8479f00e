using Milvus.Storage.Files;
using Milvus.Storage.Objects;
using Milvus.TestKit.S3;
using Milvus.TestKit.S3.Faults;

namespace Milvus.Storage.Minio.Tests;

/// <summary>A storage that fails, stalls, or is not there.</summary>
public sealed class MinioFaultTests : IAsyncLifetime
{
    private const string Bucket = "milvus-test";
    private const int Large = 20_000_000;

    private S3Server? _server;
    private MinioObjectStore? _store;

    private S3Server Server => _server!;

    private MinioObjectStore Store => _store!;

    public async Task InitializeAsync()
    {
        _server = await S3Server.StartAsync();
        _store = await MinioObjectStore.OpenAsync(StorageUnderTest.OptionsFor(Server));
        Server.Faults.Clear();
    }

    public async Task DisposeAsync()
    {
        Store.Dispose();
        await Server.DisposeAsync();
    }

    public static TheoryData<S3Fault> PassingFaults => [new S3Fault.Status(503), new S3Fault.Status(500, "InternalError"), new S3Fault.Status(429), new S3Fault.Reset(), new S3Fault.LostAnswer()];

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task What_passes_is_not_noticed(S3Fault fault)
    {
        Server.Faults.Next(2, fault, "PUT /");
        await Store.PutAsync("a", new byte[10]);
        Server.Faults.Next(2, fault, "GET /");
        Assert.Equal(10, (await Store.ReadAllBytesAsync("a")).Length);
        Server.Faults.Next(2, fault, "HEAD /");
        Assert.Equal(10, await Store.GetLengthAsync("a"));
        Server.Faults.Next(2, fault, "list-type");
        Assert.Equal(10, await Store.GetUsedBytesAsync(""));
        Server.Faults.Next(2, fault, "DELETE /");
        await Store.DeleteAsync("a");
        Assert.Null(await Store.GetLengthAsync("a"));
    }

    [Fact]
    public async Task What_lasts_is_an_IOException_that_names_the_object()
    {
        using var store = new MinioObjectStore(StorageUnderTest.OptionsFor(Server) with { MaxAttempts = 2 });
        await store.PutAsync("old", new byte[10]);
        Server.Faults.Next(int.MaxValue, new S3Fault.Status(503));
        foreach (var call in new Func<Task>[]
        {
            () => store.PutAsync("dir/a", new byte[10]), () => store.ReadAllBytesAsync("dir/a"), () => store.GetLengthAsync("dir/a"), () => store.DeleteAsync("dir/a"),
            () => store.GetUsedBytesAsync("dir/a"),
        })
        {
            var e = await Assert.ThrowsAsync<IOException>(call);
            Assert.StartsWith($"{Server.Url}/{Bucket}/dir/a: ", e.Message, StringComparison.Ordinal);
        }
        Server.Faults.Clear();
        Assert.Equal(10, await store.GetLengthAsync("old"));
        Assert.Null(await store.GetLengthAsync("dir/a"));
    }

    [Fact]
    public async Task A_request_is_sent_no_more_often_than_told()
    {
        Server.Faults.Next(int.MaxValue, new S3Fault.Status(503));
        await Assert.ThrowsAsync<IOException>(() => Store.DeleteAsync("a"));

        Assert.Equal(5, Server.Faults.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_refuses_and_comes_back()
    {
        await Store.PutAsync("a", new byte[10]);
        await Server.PauseAsync();
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("b", new byte[10]));
        await Assert.ThrowsAsync<IOException>(() => Store.OpenReadAsync("a"));
        await Assert.ThrowsAsync<IOException>(() => Store.GetLengthAsync("a"));
        await Server.ResumeAsync();

        Assert.Equal(10, (await Store.ReadAllBytesAsync("a")).Length);
        Assert.Null(await Store.GetLengthAsync("b"));
    }

    [Fact]
    public async Task A_large_upload_survives_failing_parts()
    {
        var content = RandomBytes(Large);
        Server.Faults.Next(2, new S3Fault.Status(503), "partNumber=1");
        Server.Faults.Next(1, new S3Fault.Reset(), "partNumber=2");
        Server.Faults.Next(1, new S3Fault.Status(503), "POST /");
        await Store.PutAsync("large", content);

        Assert.True((await Store.ReadAllBytesAsync("large")).AsSpan().SequenceEqual(content));
        Assert.Equal(0, Server.CountUploads(Bucket));
    }

    [Fact]
    public async Task A_large_upload_that_fails_leaves_nothing_behind()
    {
        await Store.PutAsync("large", new byte[3]);
        Server.Faults.Next(5, new S3Fault.Status(503), "partNumber=2");
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("large", RandomBytes(Large)));

        Assert.Equal(3, await Store.GetLengthAsync("large"));
        Assert.Equal(0, Server.CountUploads(Bucket));
    }

    [Fact]
    public async Task A_large_upload_that_fails_leaves_others_of_its_key_alone()
    {
        var content = RandomBytes(Large);
        using var stop = new CancellationTokenSource();
        // The first to send its second part waits there until the other has failed.
        Server.Faults.Next(1, new S3Fault.Hang(), "partNumber=2");
        var waiting = Store.PutAsync("large", content, stop.Token);
        await UntilAsync(() => Server.Faults.Requests.Any(r => r.Contains("partNumber=2", StringComparison.Ordinal)));
        Server.Faults.Next(5, new S3Fault.Status(503), "partNumber=2");
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("large", RandomBytes(Large)));
        Assert.Equal(1, Server.CountUploads(Bucket));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, Server.CountUploads(Bucket));
    }

    [Fact]
    public async Task An_error_in_an_answer_of_success_fails_the_upload()
    {
        Server.Faults.Next(1, new S3Fault.ErrorInSuccess(), "POST /milvus-test/large?uploadId");
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("large", RandomBytes(Large)));

        Assert.Null(await Store.GetLengthAsync("large"));
        Assert.Equal(0, Server.CountUploads(Bucket));
    }

    [Fact]
    public async Task An_upload_whose_acknowledgement_was_lost_has_succeeded()
    {
        Server.Faults.Next(1, new S3Fault.LostAnswer(), "POST /milvus-test/large?uploadId");
        await Store.PutAsync("large", RandomBytes(Large));

        Assert.Equal(Large, await Store.GetLengthAsync("large"));
    }

    [Fact]
    public async Task Cancelling_ends_an_upload_and_removes_its_parts()
    {
        using var cancel = new CancellationTokenSource();
        Server.Faults.Next(1, new S3Fault.Hang(), "partNumber=2");
        var put = Store.PutAsync("large", RandomBytes(Large), cancel.Token);
        await UntilAsync(() => Server.Faults.Requests.Any(r => r.Contains("partNumber=2", StringComparison.Ordinal)));
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
        Assert.Null(await Store.GetLengthAsync("large"));
        Assert.Equal(0, Server.CountUploads(Bucket));
    }

    [Fact]
    public async Task Cancelling_ends_waiting_for_an_answer()
    {
        Server.Faults.Next(int.MaxValue, new S3Fault.Hang());
        foreach (var call in new Func<CancellationToken, Task>[]
        {
            t => Store.PutAsync("a", new byte[1], t), t => Store.OpenReadAsync("a", cancellationToken: t), t => Store.GetLengthAsync("a", t), t => Store.DeleteAsync("a", t),
            t => Store.GetUsedBytesAsync("", t),
        })
        {
            Server.Faults.Clear();
            Server.Faults.Next(int.MaxValue, new S3Fault.Hang());
            using var cancel = new CancellationTokenSource();
            var task = call(cancel.Token);
            await UntilAsync(() => Server.Faults.Requests.Count != 0);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        }
    }

    [Fact]
    public async Task Silence_is_taken_for_failure_after_a_while()
    {
        using var impatient = new MinioObjectStore(StorageUnderTest.OptionsFor(Server) with { RequestTimeout = TimeSpan.FromSeconds(0.3), MaxAttempts = 2 });
        await impatient.PutAsync("a", new byte[10]);
        Server.Faults.Next(1, new S3Fault.Hang(), "GET /");
        Assert.Equal(10, (await impatient.ReadAllBytesAsync("a")).Length);

        Server.Faults.Next(2, new S3Fault.Hang(), "DELETE /");
        var e = await Assert.ThrowsAsync<IOException>(() => impatient.DeleteAsync("a"));
        Assert.Contains("no answer within", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reading_goes_on_where_it_broke_off(bool silent)
    {
        using var reader = new MinioObjectStore(StorageUnderTest.OptionsFor(Server) with { RequestTimeout = TimeSpan.FromSeconds(2) });
        var content = RandomBytes(1_000_000);
        await reader.PutAsync("a", content);
        Server.Faults.Next(1, new S3Fault.CutBody(300_000, silent), "GET /");
        Server.Faults.Next(1, new S3Fault.CutBody(1, false), "GET /");
        await using var stream = await reader.OpenReadAsync("a", 10, 900_000);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);

        Assert.True(content.AsSpan(10, 900_000).SequenceEqual(memory.ToArray()));
    }

    [Fact]
    public async Task Reading_never_mixes_two_objects()
    {
        await Store.PutAsync("a", RandomBytes(2_000_000));
        Server.Faults.Next(1, new S3Fault.CutBody(100_000), "GET /");
        await using var stream = await Store.OpenReadAsync("a");
        await Store.PutAsync("a", new byte[2_000_000]);

        await Assert.ThrowsAsync<IOException>(() => stream.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task Listings_of_many_pages_are_whole()
    {
        Server.PageLimit = 7;
        var keys = Enumerable.Range(0, 50).Select(i => $"k/{i:D3}").ToList();
        await Parallel.ForEachAsync(keys, async (k, token) => await Store.PutAsync(k, new byte[1], token));
        Server.Faults.Next(1, new S3Fault.Status(503), "continuation-token");
        var seen = new List<string>();
        await foreach (var info in Store.ListAsync("k/"))
            seen.Add(info.Key);

        Assert.Equal(keys, seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://doc.s3.amazonaws.com/2006-03-01/")]
    public async Task A_server_with_another_namespace_is_understood(string other)
    {
        Server.OtherNamespace = other;
        await Store.PutAsync("large", RandomBytes(Large));
        Server.Faults.Next(5, new S3Fault.Status(503), "partNumber=2");
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("other", RandomBytes(Large)));

        Assert.Equal(Large, await Store.GetUsedBytesAsync(""));
        Assert.Equal(0, Server.CountUploads(Bucket));
    }

    [Fact]
    public async Task A_full_storage_is_a_full_disk()
    {
        Server.Faults.Next(1, new S3Fault.Status(507, "XMinioStorageFull"), "PUT /");
        Assert.True(DiskErrors.IsDiskFull(await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("a", new byte[1]))));
    }

    [Fact]
    public async Task A_wrong_secret_is_told_and_not_repeated()
    {
        var options = new MinioObjectStoreOptions(Server.Url, Bucket, Server.AccessKey, "not-the-secret");
        var e = await Assert.ThrowsAsync<IOException>(() => MinioObjectStore.OpenAsync(options));
        Assert.Contains("access denied", e.Message, StringComparison.Ordinal);
        using var store = new MinioObjectStore(options);
        Assert.Contains("SignatureDoesNotMatch", (await Assert.ThrowsAsync<IOException>(() => store.OpenReadAsync("a"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_stores_may_create_the_bucket_at_once()
    {
        await using var fresh = await S3Server.StartAsync();
        var options = new MinioObjectStoreOptions(fresh.Url, "new-bucket", fresh.AccessKey, fresh.SecretKey) { Region = "eu-west-1" };
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => MinioObjectStore.OpenAsync(options)));

        Assert.Equal(["new-bucket"], fresh.Buckets);
        await Task.WhenAll(stores.Select((s, i) => s.PutAsync($"{i}", new byte[1])));
        Assert.Equal(8, await stores[0].GetUsedBytesAsync(""));
        Array.ForEach(stores, s => s.Dispose());
    }

    [Fact]
    public async Task A_spooled_object_leaves_no_file()
    {
        var directory = Directory.CreateTempSubdirectory("milvus-spool-test-");
        using var store = new MinioObjectStore(StorageUnderTest.OptionsFor(Server) with { SpoolDirectory = directory.FullName });
        await store.PutAsync("a", async (stream, token) => await stream.WriteAsync(RandomBytes(6_000_000), token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.PutAsync("a", async (stream, token) =>
        {
            await stream.WriteAsync(RandomBytes(6_000_001), token);
            throw new InvalidOperationException("the writer gave up");
        }));

        Assert.Empty(directory.GetFileSystemInfos());
        Assert.Equal(6_000_000, await store.GetLengthAsync("a"));
        directory.Delete();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
            await timer.WaitForNextTickAsync(limit.Token);
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
