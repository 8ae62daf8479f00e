using Milvus.Storage.Minio.Requests;
using Minio;
using Minio.DataModel.Args;

namespace Milvus.Storage.Minio.Uploads;

/// <summary>
/// Sends one object. Up to <see cref="SinglePartBytes"/> it goes in one request, beyond in parts of 16 MiB, which the storage puts together
/// when the last has arrived; until then nothing shows under the key.
/// </summary>
internal sealed class Uploader(IMinioClient client, string bucket)
{
    /// <summary>Smaller objects are sent whole: the client's own limit.</summary>
    public const int SinglePartBytes = 5 << 20;

    // Tells this upload's object from another one under the same key.
    private const string IdHeader = "x-amz-meta-milvus-upload";
    private const string IdName = "milvus-upload";

    private static readonly TimeSpan CleaningLimit = TimeSpan.FromSeconds(10);

    public async Task PutAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        var length = content.Length;
        var arguments = new PutObjectArgs().WithBucket(bucket).WithObject(name).WithStreamData(content).WithObjectSize(length);
        if (length < SinglePartBytes)
        {
            await client.PutObjectAsync(arguments, cancellationToken).ConfigureAwait(false);
            return;
        }
        var upload = OwnUpload.Begin();
        var id = Guid.NewGuid().ToString("N");
        arguments = arguments.WithHeaders(new Dictionary<string, string>(StringComparer.Ordinal) { [IdHeader] = id });
        try
        {
            var response = await client.PutObjectAsync(arguments, cancellationToken).ConfigureAwait(false);
            if (!StorageErrors.SaysComplete(response.ResponseContent))
                throw new IOException("the storage could not put the parts together");
        }
        catch (Exception)
        {
            // When only the acknowledgement was lost, completing again fails although the object is there.
            if (!cancellationToken.IsCancellationRequested && await IsThereAsync(name, id, length).ConfigureAwait(false))
                return;
            if (upload.HasBegun)
                await AbortAsync(name).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<bool> IsThereAsync(string name, string id, long length)
    {
        using var limit = new CancellationTokenSource(CleaningLimit);
        try
        {
            var found = await client.StatObjectAsync(new StatObjectArgs().WithBucket(bucket).WithObject(name), limit.Token).ConfigureAwait(false);
            return found.Size == length && found.MetaData.TryGetValue(IdName, out var foundId) && foundId == id;
        }
        catch (Exception)
        {
            return false; // The failure of the upload is the one to tell.
        }
    }

    // Parts of uploads that are neither completed nor aborted stay and cost space, unseen. Of those under this name, only our own: see OwnUpload.
    private async Task AbortAsync(string name)
    {
        using var limit = new CancellationTokenSource(CleaningLimit);
        try
        {
            await client.RemoveIncompleteUploadAsync(new RemoveIncompleteUploadArgs().WithBucket(bucket).WithObject(name), limit.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The storage removes them after a day when it is told to; the failure of the upload is the one to tell.
        }
    }
}
