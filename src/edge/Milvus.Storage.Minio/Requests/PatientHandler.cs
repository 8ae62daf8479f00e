using System.Net;
using Milvus.Storage.Minio.Uploads;

namespace Milvus.Storage.Minio.Requests;

/// <summary>
/// Sends a request again when its failure may pass: no connection, no answer in time, an answer of 408, 429 or 5xx. Stands below the Minio
/// client, which has no way to hand a caller's cancellation to its own retries and misreads some failures; so what still fails after the
/// last attempt is thrown, never returned.
/// </summary>
/// <remarks>
/// Answers are read whole before they are returned, so that one that breaks off is asked for again too, except those of requests marked
/// with <see cref="Streamed"/>. The bodies of all requests are memory and can be sent again.
/// </remarks>
internal sealed class PatientHandler(HttpMessageHandler inner, int maxAttempts, TimeSpan timeout, TimeProvider time) : DelegatingHandler(inner)
{
    private const double FirstPauseMs = 100;
    private const double LongestPauseMs = 2000;

    /// <summary>Marks a request whose answer is read by its sender, piece by piece.</summary>
    public static HttpRequestOptionsKey<bool> Streamed { get; } = new("milvus.streamed");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (OwnUpload.Current?.Withhold(request) is { } answer)
            return answer;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendOnceAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsTransient(e, cancellationToken) && attempt < maxAttempts)
            {
                await Task.Delay(PauseAfter(attempt), time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException($"no answer within {timeout.TotalSeconds} s, {attempt} times");
            }
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var response = await base.SendAsync(request, limit.Token).ConfigureAwait(false);
        try
        {
            if (IsTransient(response.StatusCode) || IsMisread(request, response))
                throw new HttpRequestException(Describe(response.StatusCode), null, response.StatusCode);
            if (!(request.Options.TryGetValue(Streamed, out var streamed) && streamed && response.IsSuccessStatusCode))
            {
                await response.Content.LoadIntoBufferAsync(limit.Token).ConfigureAwait(false);
                await AnswerNamespace.CompleteAsync(response, limit.Token).ConfigureAwait(false);
            }
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // The client fails on answers without a body that are neither success nor "not found".
    private static bool IsMisread(HttpRequestMessage request, HttpResponseMessage response) =>
        request.Method == HttpMethod.Head && !response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NotFound;

    // The client also looks for names of status codes in the text.
    private static string Describe(HttpStatusCode status) =>
        status == HttpStatusCode.Forbidden ? "access denied (403): wrong key or secret, or no right to this bucket" : $"the server answers {(int)status}";

    // Spread, so that those who failed together do not come back together.
    private static TimeSpan PauseAfter(int attempt) =>
        TimeSpan.FromMilliseconds(Math.Min(FirstPauseMs * (1 << (attempt - 1)), LongestPauseMs) * (0.5 + (Random.Shared.NextDouble() / 2)));

    private static bool IsTransient(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException { StatusCode: { } status } ? IsTransient(status)
        : e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    // 501 and 507 (storage full) do not pass by waiting a second.
    private static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || (status >= HttpStatusCode.InternalServerError && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.InsufficientStorage));
}
